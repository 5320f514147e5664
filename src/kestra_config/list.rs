//! Lists of texts: entries are added at the end and removed where they are; what stays keeps its
//! bytes.

use super::block::insert_lines;
use super::locate::Scope;
use super::scalar;
use super::text::{self, Splice};
use super::yaml::{Id, ScalarStyle, Shape, Tree};
use super::{Refusal, Value, flow};
use std::collections::HashSet;

/// The lines of a list in block style, each beginning in this column.
pub(super) fn lines(items: &[String], style: ScalarStyle, column: usize) -> Vec<String> {
    let line = |item: &String| format!("{:column$}- {}", "", written(item, style, false));
    items.iter().map(line).collect()
}

/// A list in brackets.
pub(super) fn in_brackets(items: &[String], style: ScalarStyle) -> String {
    let items: Vec<_> = items.iter().map(|item| written(item, style, true)).collect();
    format!("[{}]", items.join(", "))
}

fn written(item: &str, style: ScalarStyle, in_flow: bool) -> String {
    scalar::write(&Value::Text(item.to_owned()), style, in_flow)
}

/// Makes a list hold these texts: those that it has, in its order, then new ones.
///
/// # Errors
/// Refuses items that are no plain texts of a line of their own, and another order.
pub(super) fn replace(scope: &Scope, list: Id, texts: &[String]) -> Result<Vec<Splice>, Refusal> {
    let tree = scope.tree;
    let refuse = |why: &str| tree.refuse(list, why);
    let items: Option<Vec<ListItem>> = tree.items(list).map(|id| ListItem::of(tree, id)).collect();
    let items = items.ok_or_else(|| refuse("an entry of the list is not a text"))?;
    let wanted: HashSet<&String> = texts.iter().collect();
    let is_removed = |item: &&ListItem| !wanted.contains(&item.text);
    let kept: Vec<&ListItem> = items.iter().filter(|item| !is_removed(item)).collect();
    let is_prefix = kept.iter().map(|item| &item.text).eq(texts.iter().take(kept.len()));
    if !is_prefix {
        return Err(refuse("an entry is in the list twice, or in another order"));
    }
    let added = &texts[kept.len()..];
    let tail = kept.last().copied();
    if !tree.is_flow(list) {
        return in_block(scope, &items, items.iter().filter(is_removed), tail, added)
            .ok_or_else(|| refuse("an entry of the list shares its line with something else"));
    }
    let Some(tail) = tail else {
        let node = &tree.nodes[list];
        let style = items.first().map_or(ScalarStyle::Plain, |item| item.style);
        return Ok(vec![Splice::replace(node.start..node.end, in_brackets(texts, style))]);
    };
    let removed: HashSet<Id> = items.iter().filter(is_removed).map(|item| item.id).collect();
    let mut splices = flow::remove(tree, list, &removed);
    let new = added.iter().map(|item| format!(", {}", written(item, tail.style, true)));
    splices.push(Splice::insert(tail.end, new.collect::<String>()));
    Ok(splices)
}

/// The same for a list in block style: new lines come after the last one that stays.
fn in_block<'a>(
    scope: &Scope,
    items: &[ListItem],
    removed: impl Iterator<Item = &'a ListItem>,
    tail: Option<&ListItem>,
    added: &[String],
) -> Option<Vec<Splice>> {
    let source = scope.tree.text;
    let line = |item: &ListItem| {
        let start = text::line_start(source, item.start);
        let is_alone = source[start..item.start].trim() == "-";
        is_alone.then(|| start..text::next_line(source, item.end))
    };
    let mut splices = Vec::new();
    for item in removed {
        splices.push(Splice::delete(line(item)?));
    }
    let (first, last) = (items.first()?, items.last()?);
    let start = line(first)?.start;
    if !added.is_empty() {
        let (column, _) = text::indented(source, start);
        let lines = lines(added, last.style, column);
        let at = tail.map_or(start, |tail| text::next_line(source, tail.end));
        splices.push(insert_lines(scope, at, &lines));
    }
    Some(splices)
}

/// An entry that is a text.
struct ListItem {
    id: Id,
    text: String,
    style: ScalarStyle,
    start: usize,
    end: usize,
}

impl ListItem {
    fn of(tree: &Tree, id: Id) -> Option<Self> {
        let node = &tree.nodes[id];
        let Shape::Scalar(text, style) = &node.shape else { return None };
        let is_word = !node.is_block_scalar() && node.tag.is_none();
        let (text, style) = (text.to_string(), *style);
        is_word.then_some(Self { id, text, style, start: node.start, end: node.end })
    }
}

#[cfg(test)]
mod tests {
    use crate::kestra_config::{Edit, Place, Refusal, Value, patch, patch_at};

    fn edit(items: &[&str]) -> [Edit; 1] {
        let items = items.iter().map(ToString::to_string).collect();
        [Edit::Set("kestra.open-urls".into(), Value::List(items))]
    }

    fn edited(before: &str, items: &[&str]) -> Result<String, Refusal> {
        let after = patch(before, &edit(items))?;
        assert_eq!(patch(&after, &edit(items)).as_ref(), Ok(&after), "the second run");
        Ok(after)
    }

    #[test]
    fn a_new_list_has_a_line_for_each_entry() {
        assert_eq!(
            edited("kestra:\n  url: u\n", &["/ping", "/a b"]).unwrap(),
            "kestra:\n  url: u\n  open-urls:\n    - /ping\n    - /a b\n"
        );
        assert_eq!(
            edited("kestra: {url: u}\n", &["/a"]).unwrap(),
            "kestra: {url: u, open-urls: [/a]}\n"
        );
    }

    #[test]
    fn entries_are_added_and_removed_in_place() {
        let before =
            "kestra:\n  openUrls: # ours\n  - '/ping' # health\n  - '/old/x'\n  # last\n  url: u\n";
        let after =
            "kestra:\n  openUrls: # ours\n  - '/ping' # health\n  - '/new/x'\n  # last\n  url: u\n";
        assert_eq!(edited(before, &["/ping", "/new/x"]).unwrap(), after);
        assert_eq!(
            edited("kestra.open-urls:\n- a\n- b", &["b", "c"]).unwrap(),
            "kestra.open-urls:\n- b\n- c"
        );
        assert_eq!(
            edited("kestra.open-urls:\n- a\n- b", &["a", "c"]).unwrap(),
            "kestra.open-urls:\n- a\n- c"
        );
        assert_eq!(
            edited("kestra.open-urls:\n- a\n- b", &["a"]).unwrap(),
            "kestra.open-urls:\n- a"
        );
        let flow = "kestra: {open-urls: [ \"/a\", \"/b\", \"/c\" ], x: 1}\n";
        assert_eq!(
            edited(flow, &["/b", "/d"]).unwrap(),
            "kestra: {open-urls: [ \"/b\", \"/d\" ], x: 1}\n"
        );
        let flow = "kestra.open-urls: [/a, /b, /c, /d]\n";
        assert_eq!(edited(flow, &["/b"]).unwrap(), "kestra.open-urls: [/b]\n");
        assert_eq!(edited(flow, &["/a", "/d"]).unwrap(), "kestra.open-urls: [/a, /d]\n");
        let lines = "kestra.open-urls: [\n  /a,\n  /b, # old\n  /c, # old\n]\n";
        assert_eq!(edited(lines, &["/a", "/d"]).unwrap(), "kestra.open-urls: [\n  /a, /d,\n]\n");
        assert_eq!(
            edited("kestra:\n  open-urls: []\n", &["/a"]).unwrap(),
            "kestra:\n  open-urls: [/a]\n"
        );
        assert_eq!(
            edited("kestra:\n  open-urls: [x]\n", &["/a"]).unwrap(),
            "kestra:\n  open-urls: [/a]\n"
        );
        assert_eq!(
            edited("kestra:\n  open-urls: /a,/b\n", &["/a", "/c"]).unwrap(),
            "kestra:\n  open-urls: [/a, /c]\n"
        );
    }

    #[test]
    fn a_list_inside_a_text_keeps_its_indentation() {
        let before = "services:\n  kestra:\n    environment:\n      KESTRA_CONFIGURATION: |\n        kestra:\n          open-urls:\n            - /a\n    image: k\n";
        let place: Place = crate::kestra_config::places(before).unwrap().remove(0);
        let after = patch_at(before, &place, &edit(&["/a", "/b"])).unwrap();
        assert_eq!(after, before.replace("- /a\n", "- /a\n            - /b\n"));
    }

    #[test]
    fn a_key_after_a_list_that_ends_the_text_follows_its_last_entry() {
        let before = "kestra:\n  open-urls:\n  - /a\n  - /b";
        let url = Edit::Set("kestra.url".into(), Value::Text("u".into()));
        for (items, shown) in [(["/a"], "  - /a"), (["/c"], "  - /c")] {
            let edits = [edit(&items), [url.clone()]].concat();
            let after = format!("kestra:\n  open-urls:\n{shown}\n  url: u");
            assert_eq!(patch(before, &edits).unwrap(), after);
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "measures")]
    fn a_long_list_is_edited_in_no_time() {
        let items: Vec<String> = (0..40_000).map(|number| format!("/a{number}")).collect();
        let before = format!("kestra:\n  open-urls:\n  - {}\n", items.join("\n  - "));
        let wanted: Vec<&str> = items.iter().map(String::as_str).chain(["/b"]).collect();
        let began = std::time::Instant::now();
        assert_eq!(patch(&before, &edit(&wanted)).unwrap(), format!("{before}  - /b\n"));
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    }

    #[test]
    fn a_list_that_is_not_of_texts_is_refused() {
        for before in [
            "kestra:\n  open-urls:\n  - {a: b}\n",
            "kestra:\n  open-urls:\n  - - /a\n",
            "kestra:\n  open-urls:\n  - /b\n  - /a\n",
        ] {
            assert!(patch(before, &edit(&["/a", "/b"])).is_err(), "{before}");
        }
    }

    #[test]
    fn a_list_is_removed_whole() {
        let removal = [Edit::Remove("kestra.open-urls".into())];
        assert_eq!(
            patch("kestra:\n  url: u\n  open-urls:\n  - a\n", &removal).unwrap(),
            "kestra:\n  url: u\n"
        );
    }
}

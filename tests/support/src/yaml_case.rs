//! Cases of editing a configuration, one Markdown file each, or three files each as `YAML_CASES`
//! has them.

use std::fs;
use std::path::Path;

/// A configuration before and after an edit.
pub struct YamlCase {
    /// The name of its file, without an extension.
    pub name: String,
    /// The edit, as JSON.
    pub edit: String,
    /// What the operator has.
    pub before: String,
    /// What an experienced operator would have typed; the same where the edit is refused.
    pub after: String,
}

impl YamlCase {
    /// All cases of a folder, by name: `NAME.md`, or `NAME.in.yml` with `NAME.edit.json` and
    /// `NAME.out.yml`.
    ///
    /// # Panics
    /// Where the folder or a file cannot be read.
    #[must_use]
    pub fn all(folder: &Path) -> Vec<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let files =
            fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut names: Vec<String> =
            files.filter_map(|file| file.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        let case = |file: &String| {
            if let Some(name) = file.strip_suffix(".md").filter(|name| *name != "README") {
                return Some(Self::parse(name, &read(file)));
            }
            let name = file.strip_suffix(".edit.json")?;
            Some(Self {
                name: name.to_owned(),
                edit: read(file),
                before: read(&format!("{name}.in.yml")),
                after: read(&format!("{name}.out.yml")),
            })
        };
        names.iter().filter_map(case).collect()
    }

    /// Reads the three code blocks of a Markdown file: the edit, before, after. Without the third,
    /// nothing changes. `␍` is a carriage return, `⟦BOM⟧` a byte order mark, and `␄` ends a text
    /// whose last line has no newline.
    fn parse(name: &str, text: &str) -> Self {
        let mut blocks = Vec::new();
        let mut open: Option<String> = None;
        for line in text.split_inclusive('\n') {
            match (line.starts_with("```"), &mut open) {
                (true, None) => open = Some(String::new()),
                (true, Some(_)) => blocks.extend(open.take()),
                (false, Some(block)) => block.push_str(line),
                (false, None) => {}
            }
        }
        let mut blocks = blocks.iter().map(|block| {
            let block = block.strip_suffix("␄\n").unwrap_or(block);
            block.replace('␍', "\r").replace("⟦BOM⟧", "\u{feff}")
        });
        let mut next = || blocks.next();
        let (edit, before, after) = (next(), next(), next());
        let (Some(edit), Some(before)) = (edit, before) else {
            panic!("{name}.md has no edit and no text")
        };
        Self { name: name.to_owned(), edit, after: after.unwrap_or_else(|| before.clone()), before }
    }
}

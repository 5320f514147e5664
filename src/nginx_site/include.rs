//! Which files an `include` of nginx reaches.

use std::path::Path;

/// Whether a name fits a pattern of `*` and `?`. A set such as `[a-z]` is taken for any character.
#[must_use]
pub fn wildcard(pattern: &str, name: &str) -> bool {
    fits(pattern.as_bytes(), name.as_bytes())
}

/// Whether an `include` with this absolute pattern reaches this file. Names with a dot in front are
/// skipped (measured with nginx 1.22).
#[must_use]
pub fn reaches(pattern: &Path, file: &Path) -> bool {
    let same_depth = pattern.components().count() == file.components().count();
    same_depth
        && pattern.iter().zip(file).all(|(pattern, name)| {
            let (pattern, name) = (pattern.to_string_lossy(), name.to_string_lossy());
            pattern == name || (!name.starts_with('.') && wildcard(&pattern, &name))
        })
}

fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', pattern @ ..], _) => (0..=name.len()).any(|skip| fits(pattern, &name[skip..])),
        ([b'?', pattern @ ..], [_, name @ ..]) => fits(pattern, name),
        ([b'[', set @ ..], [_, name @ ..]) => {
            after_set(set).is_some_and(|pattern| fits(pattern, name))
        }
        ([wanted, pattern @ ..], [byte, name @ ..]) => wanted == byte && fits(pattern, name),
        _ => false,
    }
}

fn after_set(set: &[u8]) -> Option<&[u8]> {
    let close = set.iter().position(|&byte| byte == b']')?;
    Some(&set[close + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_include_reaches_what_its_pattern_says() {
        let reaches = |file: &str| reaches(Path::new("/etc/nginx/conf.d/*.conf"), Path::new(file));
        assert!(reaches("/etc/nginx/conf.d/kestra.conf"));
        for file in [
            "/etc/nginx/conf.d/kestra",
            "/etc/nginx/conf.d/.k.conf",
            "/etc/nginx/k.conf",
            "/etc/nginx/conf.d/a/k.conf",
        ] {
            assert!(!reaches(file), "{file}");
        }
    }
}

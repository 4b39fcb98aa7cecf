//! Settings over others, and over the values of a task's file.

use toml::{Table, Value};

/// The keys that a path such as `begin.noise[0].uniform` goes by, of which an element of a list is its number, from 0; none where it is
/// no path.
///
/// ```
/// use envs::wrappers::keys;
///
/// assert_eq!(keys("begin.noise[0].uniform"), Some(vec!["begin", "noise", "0", "uniform"]));
/// assert_eq!(keys("begin..noise"), None);
/// ```
#[must_use]
pub fn keys(path: &str) -> Option<Vec<&str>> {
    let parts: Option<Vec<_>> = path.split('.').map(|part| part_keys(part.trim())).collect();
    parts.map(|parts| parts.concat())
}

/// As [`keys`], of what stands between two points.
fn part_keys(part: &str) -> Option<Vec<&str>> {
    let letter = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let (name, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
    let mut all = vec![Some(name).filter(|name| !name.is_empty() && name.chars().all(letter))?];
    while !rest.is_empty() {
        let (number, behind) = rest.strip_prefix('[')?.split_once(']')?;
        all.push(Some(number).filter(|number| index(number).is_some())?);
        rest = behind;
    }
    Some(all)
}

/// The number of an element, which has one spelling.
pub(crate) fn index(key: &str) -> Option<usize> {
    key.parse()
        .ok()
        .filter(|index: &usize| index.to_string() == key)
}

/// A key behind a path, which may be the number of an element.
pub(crate) fn join(path: &str, key: &str) -> String {
    match (path, index(key)) {
        ("", _) => key.to_owned(),
        (path, None) => format!("{path}.{key}"),
        (path, Some(index)) => format!("{path}[{index}]"),
    }
}

/// A setting that names nothing, and what there is instead.
pub(crate) struct Missing {
    pub(crate) path: String,
    pub(crate) hint: String,
}

/// Lays a table over another: tables key by key, over a list by the numbers of its elements; all else takes the place of what is
/// there. `set` is given each path whose value changed, and that value.
///
/// # Errors
/// What is given for an element that is not there.
pub(crate) fn overlay(
    there: &mut Table,
    given: &Table,
    path: &str,
    set: &mut Vec<(String, Value)>,
) -> Result<(), Missing> {
    for (key, value) in given {
        let path = join(path, key);
        match there.get_mut(key) {
            Some(there) => lay(there, value, &path, set)?,
            None => {
                there.insert(key.clone(), value.clone());
                set.push((path, value.clone()));
            }
        }
    }
    Ok(())
}

/// As [`overlay`], of one value over another.
fn lay(
    there: &mut Value,
    given: &Value,
    path: &str,
    set: &mut Vec<(String, Value)>,
) -> Result<(), Missing> {
    let missing = |key: &str, hint: String| {
        let path = join(path, key);
        Err(Missing { path, hint })
    };
    match (&mut *there, given) {
        (Value::Table(there), Value::Table(given)) => return overlay(there, given, path, set),
        (Value::Array(there), Value::Table(given)) => {
            let hint = match there.len() {
                0 => format!("`{path}` is a list without elements"),
                count => format!("`{path}` is a list, whose last element is {}", count - 1),
            };
            for (key, value) in given {
                match index(key).and_then(|index| there.get_mut(index)) {
                    Some(there) => lay(there, value, &join(path, key), set)?,
                    None => return missing(key, hint),
                }
            }
            return Ok(());
        }
        (_, Value::Table(given)) => {
            if let Some(key) = given.keys().find(|key| index(key).is_some()) {
                return missing(key, format!("`{path}` is no list"));
            }
        }
        _ => {}
    }
    *there = given.clone();
    set.push((path.to_owned(), given.clone()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_laid_key_by_key_and_elements_by_their_number() {
        let laid = |below: &str, above: &str| {
            let (mut all, mut set): (Table, _) = (below.parse().unwrap(), Vec::new());
            overlay(&mut all, &above.parse().unwrap(), "", &mut set)
                .map(|()| {
                    (
                        all,
                        set.into_iter().map(|(path, _)| path).collect::<Vec<_>>(),
                    )
                })
                .map_err(|Missing { path, hint }| format!("{path}: {hint}"))
        };
        let list = "a = [{ b = 1, c = 2 }, 5]\nd = 3";
        for (given, made, paths) in [
            (
                "a.0.b = 7\na.1 = 6",
                "a = [{ b = 7, c = 2 }, 6]\nd = 3",
                vec!["a[0].b", "a[1]"],
            ),
            ("a = [8]", "a = [8]\nd = 3", vec!["a"]),
            ("a = {}", list, vec![]),
            (
                "d = { x = 1 }\ne.f = 2",
                "a = [{ b = 1, c = 2 }, 5]\nd = { x = 1 }\ne.f = 2",
                vec!["d", "e"],
            ),
        ] {
            let (all, set) = laid(list, given).unwrap();
            assert_eq!(
                (all, set),
                (
                    made.parse().unwrap(),
                    paths.iter().map(|s| (*s).to_owned()).collect()
                )
            );
        }
        for (given, said) in [
            ("a.2 = 1", "a[2]: `a` is a list, whose last element is 1"),
            ("a.00 = 1", "a.00: `a` is a list, whose last element is 1"),
            ("a.x = 1", "a.x: `a` is a list, whose last element is 1"),
            ("a.1.0 = 1", "a[1][0]: `a[1]` is no list"),
            ("d.0 = 1", "d[0]: `d` is no list"),
        ] {
            assert_eq!(laid(list, given).unwrap_err(), said);
        }
    }

    #[test]
    fn paths_are_keys_and_numbers() {
        assert_eq!(keys("a.b-c . d_1"), Some(vec!["a", "b-c", "d_1"]));
        assert_eq!(keys("a[2][0].b"), Some(vec!["a", "2", "0", "b"]));
        for bad in [
            "", "a.", "a b", "a[", "a[x]", "a[00]", "a[+1]", "[0]", "a[0]b", "a[0", "a]",
        ] {
            assert_eq!(keys(bad), None, "{bad}");
        }
    }
}

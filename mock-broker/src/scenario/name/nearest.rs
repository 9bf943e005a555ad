//! Which name was meant.

/// The name that takes the fewest edits to get to, if those are few for its length; otherwise the
/// one name that this is a part of.
pub(crate) fn nearest<'a>(
    found: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let names: Vec<&str> = names.into_iter().collect();
    let found = found.to_lowercase();
    by_edits(&found, &names).or_else(|| by_part(&found, &names))
}

/// Fewer letters are a part of too much.
const LEAST_PART: usize = 3;

fn by_part<'a>(found: &str, names: &[&'a str]) -> Option<&'a str> {
    let mut wholes = names
        .iter()
        .filter(|name| name.to_lowercase().contains(found));
    let whole = wholes.next()?;
    (found.len() >= LEAST_PART && wholes.next().is_none()).then_some(*whole)
}

fn by_edits<'a>(found: &str, names: &[&'a str]) -> Option<&'a str> {
    let distances = names
        .iter()
        .map(|name| (distance(found, &name.to_lowercase()), *name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    // One edit in three letters is a slip; more than that is another word.
    let slips = (found.chars().count().max(name.chars().count()) / 3).max(1);
    (distance <= slips).then_some(name)
}

/// How many letters must be changed, put in, taken out, or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let change = last[column] + usize::from(letter != other);
            let mut least = change.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped =
                row > 0 && column > 0 && *letter == to[column - 1] && from[row - 1] == *other;
            if swapped {
                least = least.min(before_last[column - 1] + 1);
            }
            current.push(least);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_seen_through_and_other_words_are_not() {
        let names = ["reason", "retain", "packet"];
        assert_eq!(nearest("raeson", names), Some("reason"));
        assert_eq!(nearest("reasn", names), Some("reason"));
        assert_eq!(nearest("Packet", names), Some("packet"));
        assert_eq!(nearest("topic", names), None);
        assert_eq!(nearest("", []), None);
        assert_eq!(nearest("eta", names), Some("retain"));
        assert_eq!(nearest("ea", names), None);
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("abcd", "acbd"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}

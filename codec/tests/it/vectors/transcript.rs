//! What vectors read as, laid out for the eye.

use super::{Vector, read};

/// Name, versions, bytes and packet of each vector.
pub(super) fn of(vectors: &[Vector]) -> String {
    let mut text = String::new();
    for vector in vectors {
        let versions: Vec<_> = vector.versions.iter().map(ToString::to_string).collect();
        text += &format!("{} ({})\n", vector.name, versions.join(", "));
        // Long notations go over several lines of the source.
        let words: Vec<_> = vector.notation.split_whitespace().collect();
        text += &format!("{}\n", words.join(" "));
        if let Some(shortest) = vector.shortest {
            text += &format!("written as {shortest}\n");
        }
        let bytes = vector.bytes();
        let mut readings = vector.versions.iter().map(|version| read(&bytes, *version));
        let first = readings.next().expect("a vector has a version");
        for other in readings {
            assert_eq!(
                first, other,
                "{} is another packet in each version",
                vector.name
            );
        }
        text += &folded(&format!("{first:?}"));
        text += "\n\n";
    }
    text
}

/// The `Debug` form with a line for each field of the packet, and no more than that.
fn folded(debug: &str) -> String {
    let mut text = String::new();
    let mut depth = 0;
    let mut quoted = false;
    let mut characters = debug.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if quoted => {
                text.push(character);
                text.extend(characters.next());
                continue;
            }
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        text.push(character);
        if !quoted && depth == 2 && matches!(character, ',' | '{') {
            characters.next_if_eq(&' ');
            text += "\n    ";
        }
    }
    text
}

#[test]
fn fields_of_the_packet_are_folded_and_nothing_else() {
    let debug = r#"Puback(Puback { id: Id(1), text: "a, {\"", list: [1, 2] })"#;
    let expected = "Puback(Puback {\n    id: Id(1),\n    text: \"a, {\\\"\",\n    list: [1, 2] })";
    assert_eq!(folded(debug), expected);
    assert_eq!(folded("Pingreq"), "Pingreq");
}

//! JSON as a tree. A parser of our own, since others do not say where a value stands.

use std::collections::HashSet;

use super::fault::Fault;
use super::tree::{Member, Node, Value};

/// Deeper documents are not scenarios, and would cost the stack.
const DEEPEST: usize = 64;

/// Reads a document.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let node = parser.value()?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.wrong("nothing may follow the document")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn value(&mut self) -> Result<Node, Fault> {
        let next = self.peek();
        let start = self.at;
        let value = match next {
            Some(b'{') => self.nested(Self::table)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Node {
            span: start..self.at,
            value,
        })
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Value, Fault>,
    ) -> Result<Value, Fault> {
        if self.depth == DEEPEST {
            return Err(self.wrong("this is nested too deep"));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn table(&mut self) -> Result<Value, Fault> {
        let mut members: Vec<Member> = Vec::new();
        let mut keys = HashSet::new();
        while !self.ends(b'}', members.is_empty())? {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("expected a key in quotes"));
            }
            let start = self.at;
            let key = self.string()?;
            let span = start..self.at;
            if !keys.insert(key.clone()) {
                let message = format!("the key `{key}` stands here twice");
                return Err(Fault::new(message, span));
            }
            if self.peek() != Some(b':') {
                return Err(self.wrong("expected `:`"));
            }
            self.at += 1;
            let node = self.value()?;
            members.push(Member { key, span, node });
        }
        Ok(Value::Table(members))
    }

    fn list(&mut self) -> Result<Value, Fault> {
        let mut list = Vec::new();
        while !self.ends(b']', list.is_empty())? {
            list.push(self.value()?);
        }
        Ok(Value::List(list))
    }

    /// Whether the table or list ends here; if not, what comes next is its next element.
    fn ends(&mut self, end: u8, is_first: bool) -> Result<bool, Fault> {
        match self.peek() {
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if is_first => Ok(false),
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.wrong(&format!("expected `,` or `{}`", char::from(end)))),
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let mut escaped = false;
        for (offset, byte) in self.text.bytes().enumerate().skip(start + 1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    self.at = offset + 1;
                    let quoted = &self.text[start..self.at];
                    return serde_json::from_str(quoted).map_err(|_| {
                        let message = "this is not a text of JSON".to_owned();
                        Fault::new(message, start..offset + 1)
                    });
                }
                _ => {}
            }
        }
        Err(self.wrong("this text has no end"))
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        let is_part = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        let length = self.text.as_bytes()[start..]
            .iter()
            .take_while(|byte| is_part(byte));
        self.at += length.count();
        let digits = &self.text[start..self.at];
        let wrong = |_| Fault::new("this is not a number of JSON".to_owned(), start..self.at);
        let number: serde_json::Number = serde_json::from_str(digits).map_err(wrong)?;
        Ok(match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => Value::Integer(number),
            (_, Some(number), _) => Value::Unsigned(number),
            // For JSON, unlike for serde, `1.0` is an integer; some languages have no other way to
            // write it.
            (.., Some(number))
                if number.fract() == 0.0 && (0.0..u64::MAX as f64).contains(&number) =>
            {
                Value::Unsigned(number as u64)
            }
            (.., number) => Value::Float(number.unwrap_or(f64::NAN)),
        })
    }

    fn word(&mut self) -> Result<Value, Fault> {
        let words = [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ];
        for (word, value) in words {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("expected a value"))
    }

    /// The next byte that is not space.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.text.as_bytes().get(self.at).copied()
    }

    fn wrong(&self, message: &str) -> Fault {
        Fault::new(message.to_owned(), self.at..self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_knows_where_it_stands() {
        let text = r#"{ "a": [1, -2.5, true], "b": { "c": "d\n" } }"#;
        let tree = parse(text).unwrap();
        let a = tree.get("a").unwrap();
        assert_eq!(&text[a.span()], "[1, -2.5, true]");
        assert_eq!(a.at(1).unwrap().value, Value::Float(-2.5));
        let c = tree.get("b").unwrap().get("c").unwrap();
        assert_eq!(&text[c.span()], r#""d\n""#);
        assert_eq!(c.value, Value::Text("d\n".to_owned()));
        assert_eq!(&text[tree.find_key("c").unwrap()], r#""c""#);
    }

    #[test]
    fn an_integer_may_be_written_with_a_point() {
        assert_eq!(parse("2.0").unwrap().value, Value::Unsigned(2));
        assert_eq!(parse("1e3").unwrap().value, Value::Unsigned(1000));
        assert_eq!(parse("2.5").unwrap().value, Value::Float(2.5));
        assert_eq!(parse("1e300").unwrap().value, Value::Float(1e300));
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_is_wrong() {
        #[track_caller]
        fn check(text: &str, at: usize, message: &str) {
            let fault = parse(text).unwrap_err();
            assert_eq!(fault.message, message);
            assert_eq!(fault.span.unwrap().start, at);
        }
        check("", 0, "expected a value");
        check("{", 1, "expected `,` or `}`");
        check("[1 2]", 3, "expected `,` or `]`");
        check("[1,]", 3, "expected a value");
        check("{\"a\" 1}", 5, "expected `:`");
        check("{a: 1}", 1, "expected a key in quotes");
        check("{\"a\": 1, \"a\": 2}", 9, "the key `a` stands here twice");
        check("\"abc", 0, "this text has no end");
        check("\"\\x\"", 0, "this is not a text of JSON");
        check("1.2.3", 0, "this is not a number of JSON");
        check("{} {}", 3, "nothing may follow the document");
        let deep = "[".repeat(100);
        check(&deep, 64, "this is nested too deep");
    }
}

//! TOML as a tree.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::tree::{Member, Node, Value};

/// Reads a document.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    match DeTable::parse(text) {
        Ok(table) => {
            let span = table.span();
            Ok(Node {
                span,
                value: members(table.into_inner())?,
            })
        }
        Err(error) => {
            let span = error.span().unwrap_or_default();
            Err(Fault::new(error.message().to_owned(), span))
        }
    }
}

fn members(table: DeTable<'_>) -> Result<Value, Fault> {
    let members = table.into_iter().map(|(key, value)| {
        Ok(Member {
            span: key.span(),
            key: key.into_inner().into_owned(),
            node: node(value)?,
        })
    });
    let mut members: Vec<Member> = members.collect::<Result<_, Fault>>()?;
    // The parser sorts them by name; user properties are to stay as they were written.
    members.sort_by_key(|member| member.span.start);
    Ok(Value::Table(members))
}

fn node(value: Spanned<DeValue<'_>>) -> Result<Node, Fault> {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Integer(number) => {
            let (digits, radix) = (number.as_str(), number.radix());
            let signed = i64::from_str_radix(digits, radix).map(Value::Integer);
            let unsigned = || u64::from_str_radix(digits, radix).map(Value::Unsigned);
            signed
                .or_else(|_| unsigned())
                .map_err(|_| Fault::new("this number is too large".to_owned(), span.clone()))?
        }
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Value::Float(number),
            Err(_) => return Err(Fault::new("this is not a number".to_owned(), span)),
        },
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(list) => {
            let list = list.into_iter().map(node);
            Value::List(list.collect::<Result<_, Fault>>()?)
        }
        DeValue::Table(table) => members(table)?,
    };
    Ok(Node { span, value })
}

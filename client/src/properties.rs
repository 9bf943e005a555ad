//! Properties that a caller adds one by one, with what is wrong with them kept until they are used.

use nack_codec::{Properties, Property, Text};

use crate::error::Invalid;

/// A property block under construction.
///
/// Builders do not fail; the first thing that is wrong is remembered, and reported by the operation
/// that would have sent it.
#[derive(Clone, Debug, Default)]
pub(crate) struct PropertyList {
    block: Properties<Vec<u8>>,
    fault: Option<Invalid>,
}

impl PropertyList {
    pub(crate) const EMPTY: Self = Self {
        block: Properties::new(),
        fault: None,
    };

    pub(crate) fn push(&mut self, property: Property<'_>) {
        if let Err(error) = self.block.push(property) {
            self.refuse(error.into());
        }
    }

    /// Adds a property that is made of a string.
    pub(crate) fn push_text<'a>(
        &mut self,
        field: &'static str,
        text: &'a str,
        property: impl FnOnce(Text<&'a str>) -> Property<'a>,
    ) {
        match Text::new(text) {
            Ok(text) => self.push(property(text)),
            Err(error) => self.refuse(Invalid::Text { field, error }),
        }
    }

    pub(crate) fn push_user_property(&mut self, name: &str, value: &str) {
        match (Text::new(name), Text::new(value)) {
            (Ok(name), Ok(value)) => self.push(Property::UserProperty(name, value)),
            (Err(error), _) => self.refuse(Invalid::Text {
                field: "user property name",
                error,
            }),
            (_, Err(error)) => self.refuse(Invalid::Text {
                field: "user property value",
                error,
            }),
        }
    }

    /// Remembers what is wrong, if nothing was wrong before.
    pub(crate) fn refuse(&mut self, fault: Invalid) {
        self.fault.get_or_insert(fault);
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        self.fault.clone().map_or(Ok(()), Err)
    }

    pub(crate) const fn block(&self) -> &Properties<Vec<u8>> {
        &self.block
    }
}

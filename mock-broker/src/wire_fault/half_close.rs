//! Closes the broker's side, and leaves the client's open.

/// How far that has come.
#[derive(Debug, Default)]
pub(super) enum HalfClose {
    #[default]
    Open,
    /// To be closed once all is written.
    Asked,
    Closed,
}

impl HalfClose {
    pub(super) fn ask(&mut self) {
        if matches!(self, Self::Open) {
            *self = Self::Asked;
        }
    }

    pub(super) const fn done(&mut self) {
        *self = Self::Closed;
    }

    /// Whether nothing more is sent.
    pub(super) const fn is_asked(&self) -> bool {
        !matches!(self, Self::Open)
    }

    pub(super) const fn is_due(&self) -> bool {
        matches!(self, Self::Asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_closed_once() {
        let mut side = HalfClose::default();
        assert!(!side.is_asked());
        side.ask();
        assert!(side.is_asked() && side.is_due());
        side.done();
        side.ask();
        assert!(side.is_asked() && !side.is_due());
    }
}

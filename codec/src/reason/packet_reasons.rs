//! The macro that makes the reason type of one packet out of the table of all codes.

/// The reason type of one packet. A variant whose name differs from the table's says which code it
/// is, and its own text: `Name = TableName "text"`.
macro_rules! packet_reasons {
    (
        $(#[$doc:meta])*
        $reason:ident of $packet:literal {
            $($name:ident $(= $code:ident $text:literal)?,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(clippy::exhaustive_enums, reason = "closed by the standard")]
        #[repr(u8)]
        pub enum $reason {
            $(
                #[doc = concat!("See [`ReasonCode::", packet_reasons!(@name $name $($code)?), "`](crate::ReasonCode::", packet_reasons!(@name $name $($code)?), ").")]
                $name = packet_reasons!(@code $name $($code)?) as u8,
            )*
        }

        impl $reason {
            /// Every code that this packet may carry, lowest first.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Whether the packet may carry a number, by the number.
            #[allow(dead_code, reason = "for packets that carry lists of reasons")]
            pub(crate) const KNOWN: [bool; 256] = {
                let mut known = [false; 256];
                let mut index = 0;
                while index < Self::ALL.len() {
                    known[Self::ALL[index] as usize] = true;
                    index += 1;
                }
                known
            };

            /// The reason of this number, if this packet may carry it.
            #[inline]
            pub const fn from_u8(code: u8) -> Option<Self> {
                $(
                    if code == Self::$name as u8 {
                        return Some(Self::$name);
                    }
                )*
                None
            }

            /// The number on the MQTT 5.0 wire.
            #[inline]
            pub const fn as_u8(self) -> u8 {
                self as u8
            }

            /// The same code in the table of all codes.
            pub const fn code(self) -> $crate::ReasonCode {
                match self {
                    $(Self::$name => packet_reasons!(@code $name $($code)?),)*
                }
            }

            /// Whether this code says no: 0x80 and above.
            #[inline]
            pub const fn is_error(self) -> bool {
                self as u8 >= 0x80
            }

            /// The name of the code in this packet, in lower case.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => packet_reasons!(@text $name $($text)?),)*
                }
            }
        }

        impl From<$reason> for $crate::ReasonCode {
            fn from(reason: $reason) -> Self {
                reason.code()
            }
        }

        impl TryFrom<u8> for $reason {
            type Error = $crate::UnknownReason;

            fn try_from(code: u8) -> Result<Self, $crate::UnknownReason> {
                Self::from_u8(code).ok_or($crate::UnknownReason { code, packet: $packet })
            }
        }

        impl TryFrom<$crate::ReasonCode> for $reason {
            type Error = $crate::UnknownReason;

            fn try_from(code: $crate::ReasonCode) -> Result<Self, $crate::UnknownReason> {
                Self::try_from(code as u8)
            }
        }

        impl std::fmt::Display for $reason {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.text())
            }
        }
    };
    (@code $name:ident) => { $crate::ReasonCode::$name };
    (@code $name:ident $code:ident) => { $crate::ReasonCode::$code };
    (@name $name:ident) => { stringify!($name) };
    (@name $name:ident $code:ident) => { stringify!($code) };
    (@text $name:ident) => { $crate::ReasonCode::$name.text() };
    (@text $name:ident $text:literal) => { $text };
}

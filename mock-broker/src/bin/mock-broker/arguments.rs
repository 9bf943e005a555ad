//! What the command line takes, and what `--help` says about it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use nack_mock_broker::scenario::Code;

use crate::faults::{Fault, Message};
use crate::listeners::{self, Address};

const EXAMPLES: &str = "\
Examples:
  mock-broker                                     a small broker on port 1883
  mock-broker --connack not-authorized            nobody is let in
  mock-broker --puback 'plant/#=quota-exceeded'   messages to plant/# are refused
  mock-broker --suback 0x87 --pingresp drop       no subscriptions, no PINGRESP
  mock-broker --refuse-for 10s                    connections are refused at first
  mock-broker --upstream localhost:1884 --puback 0x97
                                                  a real broker, with one fault
  mock-broker list puback                         the scenarios that ship with it
  mock-broker run v5/puback-quota-exceeded        one of them
  mock-broker run plant.toml                      one of your own
  mock-broker explain 0x97                        what a reason code means

A code is a number (0x97, 151), which is written as it is, or a name (quota-exceeded), which is said
in the words of the version that the client speaks: where 3.1.1 has none, by the nearest return code
of CONNACK, or by closing the connection, as the log says then.

In scripts, wait for the line on stdout, which says where the broker listens:
  mock-broker --listen 127.0.0.1:0 --connack server-busy --exit-after satisfied

Exit codes:
  0  all went as expected
  1  a rule was not hit as often as expected: one that was to do something, and never did, too
  2  the command line is wrong
  3  a port cannot be listened on, a file cannot be read or written, a scenario is wrong, or none matches";

/// An MQTT broker that does as it is told: refuses, delays, corrupts, lies and vanishes.
///
/// Without a command it listens, answers as a small broker does, and departs from that where a flag
/// says so. What happens is logged on stderr, one line a packet. Ctrl-C stops it; what was expected
/// and did not happen is told then.
#[derive(Parser)]
#[command(
    name = "mock-broker",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) broker: Broker,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Runs scenarios: files, or the names of those that ship
    #[command(after_help = EXAMPLES)]
    Run {
        /// A file in TOML or JSON, or a name that `mock-broker list` tells
        #[arg(required = true, value_name = "FILE|NAME")]
        files: Vec<String>,
        #[command(flatten)]
        broker: Box<Broker>,
    },
    /// Lists the scenarios that ship
    List {
        /// Only those that have this in their name or description
        filter: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Prints a scenario that ships: a file to begin from
    Show {
        /// A name that `mock-broker list` tells
        name: String,
    },
    /// Says what a reason code means: in which packets, from whom, whether to try again
    Explain {
        /// A code by its number or name (0x97, 151, quota-exceeded); all of them without one
        code: Option<Code>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Prints the JSON Schema of scenario files, for editors
    Schema,
    /// Checks scenario files, and runs nothing
    Check {
        /// Files in TOML or JSON
        #[arg(required = true)]
        files: Vec<String>,
    },
}

#[derive(Args)]
pub(crate) struct Broker {
    /// Where to listen: HOST:PORT, or a URL with tcp, tls, ws, wss or unix; can be repeated
    /// [default: 127.0.0.1:1883, or as the scenario says]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Vec<Address>,
    /// Stands in front of a real broker: passes on what no rule is about
    #[arg(long, value_name = "HOST:PORT", value_parser = listeners::upstream)]
    pub(crate) upstream: Option<String>,
    /// Answers nothing but what rules answer
    #[arg(long, conflicts_with = "upstream")]
    pub(crate) silent: bool,
    /// Refuses connections for so long at first (`5s`, `500ms`), as where no broker runs yet
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) refuse_for: Option<Duration>,
    /// Closes connections on which no CONNECT has come after so long (`5s`, `500ms`) [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) connect_limit: Option<Duration>,
    /// Where the control API and its page are served, over HTTP: rules can be added while the
    /// broker runs. Who asks from elsewhere than this machine needs the token that the environment
    /// variable MOCK_BROKER_TOKEN holds
    #[arg(long, value_name = "HOST:PORT", value_parser = listeners::control)]
    pub(crate) control: Option<SocketAddr>,
    /// Ends by itself: after `3-connections`, after `30s` or `500ms`, or once all that is expected
    /// is `satisfied`; can be repeated
    #[arg(long, value_name = "WHAT")]
    pub(crate) exit_after: Vec<ExitAfter>,
    /// Expects nothing: a rule that is never hit is no failure
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Writes the journal as it comes, an entry of JSON a line; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Writes a capture file that Wireshark opens, as it comes
    #[arg(long, value_name = "FILE")]
    pub(crate) pcap: Option<PathBuf>,
    /// Writes the certificate that clients must trust for TLS, as PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Writes a certificate for clients, as PEM: by the authority of --ca, for a broker that asks
    /// for one (`tls = { client_certificate = "required" }` in a scenario)
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(crate) client_certificate: Option<PathBuf>,
    /// Writes the private key of --client-certificate, as PEM
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    pub(crate) client_key: Option<PathBuf>,
    /// What randomness begins with [default: as the scenario says, or another one each time]
    #[arg(long, value_name = "NUMBER", value_parser = whole_number)]
    pub(crate) seed: Option<u64>,
    /// Logs no packets on stderr
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Says where it listens as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) faults: Faults,
}

/// A fault a packet that a server sends. A reason code is a number, which is written as it is, or a
/// name, which is said in the words of the client's version, if need be by closing; instead of one,
/// `drop`, `close` and `reset` send nothing. What a broker does not send by itself, DISCONNECT and
/// AUTH, cannot be dropped.
#[derive(Args)]
#[command(next_help_heading = "Faults: [WHICH=]CODE, drop, close or reset")]
pub(crate) struct Faults {
    /// Answers CONNECT so; WHICH is a client identifier
    #[arg(long, value_name = "[CLIENT=]CODE")]
    pub(crate) connack: Vec<Fault>,
    /// Answers PUBLISH of QoS 1 so; WHICH is a topic filter
    #[arg(long, value_name = "[TOPIC=]CODE")]
    pub(crate) puback: Vec<Fault>,
    /// Answers PUBLISH of QoS 2 so; WHICH is a topic filter
    #[arg(long, value_name = "[TOPIC=]CODE")]
    pub(crate) pubrec: Vec<Fault>,
    /// Answers PUBREC so
    #[arg(long, value_name = "CODE")]
    pub(crate) pubrel: Vec<Fault>,
    /// Answers PUBREL so
    #[arg(long, value_name = "CODE")]
    pub(crate) pubcomp: Vec<Fault>,
    /// Answers SUBSCRIBE so; WHICH is the topic filter that has the code, and the others beside it
    /// are granted as usual (with --upstream, by that broker)
    #[arg(long, value_name = "[FILTER=]CODE")]
    pub(crate) suback: Vec<Fault>,
    /// Answers UNSUBSCRIBE so; WHICH is the topic filter that has the code, and the others beside
    /// it are ended as usual (with --upstream, by that broker)
    #[arg(long, value_name = "[FILTER=]CODE")]
    pub(crate) unsuback: Vec<Fault>,
    /// Sends this PUBLISH behind each CONNACK that lets a client in, whatever it has subscribed to:
    /// of QoS 0, or of the QoS in front, 0 to 2 (`1:plant/1=full`); a TOPIC that begins with a number
    /// and `:` needs that (`0:3:a=b`), and it goes to the first `=`
    #[arg(long, value_name = "[QOS:]TOPIC=PAYLOAD")]
    pub(crate) publish: Vec<Message>,
    /// Sends DISCONNECT behind CONNACK, or ends the connection there; WHICH is a client identifier
    #[arg(long, value_name = "[CLIENT=]CODE")]
    pub(crate) disconnect: Vec<Fault>,
    /// Answers CONNECT with AUTH, of the authentication method that the client named; WHICH is a
    /// client identifier
    #[arg(long, value_name = "[CLIENT=]CODE")]
    pub(crate) auth: Vec<Fault>,
    /// Does not answer PINGREQ: `drop`, `close` or `reset`
    #[arg(long, value_name = "drop")]
    pub(crate) pingresp: Vec<Fault>,
}

/// When the program ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitAfter {
    /// So many connections have been opened, and all have ended.
    Connections(u32),
    Time(Duration),
    /// All that is expected has happened.
    Satisfied,
}

impl std::str::FromStr for ExitAfter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (count, unit) = count_and_unit(text);
        Ok(match unit {
            "satisfied" if count.is_empty() => Self::Satisfied,
            "-connection" | "-connections" => {
                match count
                    .parse()
                    .map_err(|_| format!("`{count}` is no number of connections"))?
                {
                    0 => return Err("no connection ends: expected `1-connection` or more".into()),
                    count => Self::Connections(count),
                }
            }
            "ms" | "s" | "m" => Self::Time(time(text)?),
            _ => {
                return Err("expected `3-connections`, `30s`, `500ms`, `2m` or `satisfied`".into());
            }
        })
    }
}

/// A number as it is typed: digits alone.
fn whole_number(text: &str) -> Result<u64, String> {
    let (count, rest) = count_and_unit(text);
    let number = count.parse().ok().filter(|_| rest.is_empty());
    number.ok_or_else(|| format!("expected a whole number from 0 to {}", u64::MAX))
}

/// A time as it is typed: `500ms`, `30s`, `2m`.
fn time(text: &str) -> Result<Duration, String> {
    let (count, unit) = count_and_unit(text);
    let number = || count.parse().map_err(|_| format!("`{count}` is no number"));
    Ok(match unit {
        "ms" => Duration::from_millis(number()?),
        "s" => Duration::from_secs(number()?),
        "m" => Duration::from_secs(number()?.saturating_mul(60)),
        _ => return Err("expected `30s`, `500ms` or `2m`".into()),
    })
}

fn count_and_unit(text: &str) -> (&str, &str) {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    text.split_at(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_sound() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn an_end_has_a_number_and_a_unit() {
        assert_eq!(time("5s"), Ok(Duration::from_secs(5)));
        assert!(time("satisfied").is_err());
        assert_eq!("3-connections".parse(), Ok(ExitAfter::Connections(3)));
        assert_eq!("1-connection".parse(), Ok(ExitAfter::Connections(1)));
        assert_eq!(
            "500ms".parse(),
            Ok(ExitAfter::Time(Duration::from_millis(500)))
        );
        assert_eq!("2m".parse(), Ok(ExitAfter::Time(Duration::from_secs(120))));
        assert_eq!("satisfied".parse(), Ok(ExitAfter::Satisfied));
        for wrong in [
            "",
            "3",
            "s",
            "3 s",
            "-1s",
            "3-satisfied",
            "0-connections",
            "99999999999999999999s",
        ] {
            assert!(wrong.parse::<ExitAfter>().is_err(), "{wrong}");
        }
    }
}

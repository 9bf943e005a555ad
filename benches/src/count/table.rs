//! Figures and comparisons as text for people.

use std::fmt::Write as _;

use super::{Comparison, Document, Figure, Verdict};
use crate::Workload;
use crate::peers::OURS;

/// All figures, fewest instructions first within a workload, ours beside their goal and the
/// fastest peer.
pub fn figures_table(document: &Document) -> String {
    let mut text = String::new();
    for workload in Workload::all() {
        let mut figures: Vec<_> = document
            .results
            .iter()
            .filter(|figure| figure.workload == workload.id())
            .collect();
        if figures.is_empty() {
            continue;
        }
        figures.sort_by(|one, other| {
            one.instructions_per_packet
                .total_cmp(&other.instructions_per_packet)
        });
        let fastest = figures.iter().find(|figure| !is_ours(figure));
        let fastest = fastest.map(|figure| figure.instructions_per_packet);
        line(&mut text, format_args!("{workload}  {}", workload.text()));
        line(
            &mut text,
            format_args!(
                "    {:<18}{:>14}{:>10}{:>10}{:>14}",
                "", "instr/packet", "x best", "goal", "alloc/packet"
            ),
        );
        for figure in figures {
            line(
                &mut text,
                format_args!("    {}", row(figure, workload, fastest)),
            );
        }
    }
    line(
        &mut text,
        format_args!(
            "{}, {}, profile {}, {}, {}; x best: by the fastest codec that is not ours",
            document.compiler, document.target, document.profile, document.libc, document.valgrind
        ),
    );
    text
}

fn row(figure: &Figure, workload: Workload, fastest: Option<f64>) -> String {
    let goal = match (is_ours(figure), figure.peer.contains("owned")) {
        (false, _) => None,
        (true, false) => workload.goal(),
        (true, true) => workload.goal_owned(),
    };
    let goal = goal.map_or_else(String::new, |goal| {
        let met = figure.instructions_per_packet <= f64::from(goal);
        format!("{goal}{}", if met { "" } else { " !" })
    });
    let ratio = fastest.map_or_else(String::new, |fastest| {
        format!("{:.2}", figure.instructions_per_packet / fastest)
    });
    format!(
        "{:<18}{:>14.1}{ratio:>10}{goal:>10}{:>14.3}",
        figure.peer, figure.instructions_per_packet, figure.allocations_per_packet
    )
}

fn is_ours(figure: &Figure) -> bool {
    figure.peer.starts_with(OURS)
}

/// Old figures beside new ones, and what follows from them.
pub fn comparison_table(comparison: &Comparison) -> String {
    let mut text = String::new();
    line(
        &mut text,
        format_args!(
            "{:<4}{:<18}{:>12}{:>12}{:>8}{:>12}",
            "", "instr/packet", "old", "new", "ratio", "alloc"
        ),
    );
    for row in &comparison.rows {
        let old = row
            .old
            .as_ref()
            .map(|old| format!("{:.1}", old.instructions_per_packet));
        let ratio = row.ratio().map(|ratio| format!("{ratio:.3}"));
        let remark = match row.verdict {
            Verdict::Same => "",
            Verdict::Faster => "  faster",
            Verdict::Slower => "  SLOWER",
            Verdict::PeerMoved => "  moved, and is not ours",
            Verdict::New => "  new",
        };
        line(
            &mut text,
            format_args!(
                "{:<4}{:<18}{:>12}{:>12.1}{:>8}{:>12.3}{remark}",
                row.new.workload,
                row.new.peer,
                old.as_deref().unwrap_or("-"),
                row.new.instructions_per_packet,
                ratio.as_deref().unwrap_or("-"),
                row.new.allocations_per_packet,
            ),
        );
    }
    for difference in &comparison.differences {
        line(
            &mut text,
            format_args!("warning: {difference}; nothing fails for that reason"),
        );
    }
    let (slower, threshold) = (comparison.slower().count(), comparison.threshold);
    if slower > 0 {
        line(
            &mut text,
            format_args!("{slower} slower than before (more than {threshold} % of instructions)"),
        );
    }
    text
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a string takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(peer: &str, instructions: f64) -> Figure {
        Figure {
            workload: "D1".to_owned(),
            peer: peer.to_owned(),
            instructions_per_packet: instructions,
            allocations_per_packet: 0.0,
        }
    }

    #[test]
    fn a_missed_goal_is_marked_and_the_ratio_is_to_the_fastest_peer() {
        let document = Document::new(vec![
            figure("mqttrs", 400.0),
            figure("nack (owned)", 200.0),
            figure("nack (borrowed)", 100.0),
            figure("rumqttc v4", 800.0),
        ]);
        let table = figures_table(&document);
        let lines: Vec<_> = table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(lines[2], "nack (borrowed) 100.0 0.25 125 0.000");
        assert_eq!(lines[3], "nack (owned) 200.0 0.50 150 ! 0.000");
        assert_eq!(lines[4], "mqttrs 400.0 1.00 0.000");
        assert_eq!(lines[5], "rumqttc v4 800.0 2.00 0.000");
    }

    #[test]
    fn a_comparison_says_what_is_slower_and_by_which_threshold() {
        let old = Document::new(vec![figure("nack (borrowed)", 100.0)]);
        let new = Document::new(vec![figure("nack (borrowed)", 150.0)]);
        let table = comparison_table(&Comparison::new(&old, &new, 3.0));
        assert!(table.contains("1.500"), "{table}");
        assert!(table.contains("SLOWER"), "{table}");
        assert!(
            table.ends_with("1 slower than before (more than 3 % of instructions)\n"),
            "{table}"
        );
    }
}

//! The shortest way from one place on the screen to another.

use ratatui::layout::Position;

/// What moves the cursor; empty if it is there already.
pub(super) fn shortest(from: Option<Position>, to: Position) -> String {
    let mut best = absolute(to);
    if let Some(from) = from {
        for way in [by_distance(from, to), by_line_start(from, to)] {
            if way.len() < best.len() {
                best = way;
            }
        }
    }
    best
}

/// Rows and columns are counted from 1, and 1 may be left out.
fn absolute(to: Position) -> String {
    match (to.y + 1, to.x + 1) {
        (1, 1) => "\x1b[H".to_owned(),
        (row, 1) => format!("\x1b[{row}H"),
        (1, column) => format!("\x1b[;{column}H"),
        (row, column) => format!("\x1b[{row};{column}H"),
    }
}

fn by_distance(from: Position, to: Position) -> String {
    let vertical = step(to.y.abs_diff(from.y), if to.y < from.y { 'A' } else { 'B' });
    let columns = to.x.abs_diff(from.x);
    let horizontal = match columns {
        _ if to.x > from.x => step(columns, 'C'),
        1..=4 => "\x08".repeat(columns.into()),
        _ => step(columns, 'D'),
    };
    vertical + &horizontal
}

/// Line feeds only after a carriage return: some lines turn the one into both.
fn by_line_start(from: Position, to: Position) -> String {
    let vertical =
        if to.y < from.y { step(from.y - to.y, 'A') } else { "\n".repeat((to.y - from.y).into()) };
    format!("\r{vertical}{}", step(to.x, 'C'))
}

fn step(times: u16, direction: char) -> String {
    match times {
        0 => String::new(),
        1 => format!("\x1b[{direction}"),
        times => format!("\x1b[{times}{direction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(from: (u16, u16), to: (u16, u16)) -> String {
        shortest(Some(from.into()), to.into())
    }

    #[test]
    fn staying_costs_nothing() {
        assert_eq!(path((3, 4), (3, 4)), "");
    }

    #[test]
    fn each_way_is_the_shortest() {
        for (from, to, way) in [
            ((9, 4), (0, 4), "\r"),
            ((9, 4), (0, 5), "\r\n"),
            ((9, 4), (0, 6), "\r\n\n"),
            ((9, 4), (8, 4), "\x08"),
            ((9, 4), (7, 4), "\x08\x08"),
            ((60, 4), (40, 4), "\x1b[20D"),
            ((9, 4), (10, 4), "\x1b[C"),
            ((9, 4), (30, 4), "\x1b[21C"),
            ((9, 4), (1, 5), "\r\n\x1b[C"),
            ((9, 4), (9, 5), "\x1b[B"),
            ((9, 4), (9, 2), "\x1b[2A"),
            ((9, 4), (0, 0), "\x1b[H"),
            ((9, 2), (50, 12), "\x1b[13;51H"),
        ] {
            assert_eq!(path(from, to), way, "{from:?} {to:?}");
        }
    }

    #[test]
    fn an_unknown_place_is_left_by_naming_the_other() {
        assert_eq!(shortest(None, (0, 0).into()), "\x1b[H");
        assert_eq!(shortest(None, (0, 4).into()), "\x1b[5H");
        assert_eq!(shortest(None, (9, 0).into()), "\x1b[;10H");
    }
}

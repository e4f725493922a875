//! What must hold of the part of a list that is drawn.

use super::*;

#[test]
fn a_part_of_the_list_counts_all_and_shows_the_first_of_each_rank() {
    let mut bench = Bench::new(SHANGHAI);
    for n in 0..12 {
        let home = format!("flat-{n:02}");
        let class = [None, Some(Class::Blue), Some(Class::Red)][n % 3];
        let place = format!("{} Mill Lane", 20 - n);
        bench.card(&home, Card { class, place, ..Card::default() });
        bench.beat("06:05", &home, (n % 2 == 0).then_some(("06:03", SignBy::Movement)));
    }
    bench.call("10:20", "flat-01", CallResult::Reached);
    let (whole, now) = (bench.desk.daily_view(at("10:30")), at("10:30"));
    assert_eq!(whole.rows.len(), 12);
    let in_rank = |rows: &[DailyRow], like: &DailyRow| {
        let of_like = rows.iter().filter(|row| row.state.as_str() == like.state.as_str());
        of_like.map(|row| row.home.clone()).collect::<Vec<_>>()
    };
    for most in [0, 1, 2, 5, 100] {
        let part = bench.desk.daily_part(now, most);
        assert_eq!(part.counts, whole.counts, "what is not drawn is counted");
        for row in &whole.rows {
            let (shown, all) = (in_rank(&part.rows, row), in_rank(&whole.rows, row));
            assert_eq!(shown, all[..most.min(all.len())], "{most} of {}", row.state.as_str());
        }
    }
    assert_eq!(bench.desk.daily_counts_at(now), whole.counts, "counted without drawing");
}

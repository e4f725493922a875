//! What comes out of the printer: A4, no cut column, and the word beside each shape.

use super::*;
use std::path::Path;
use std::process::Command;

/// What Debian's poppler reads out of a document.
fn read(pdf: &Path, switches: &[&str]) -> String {
    let read = Command::new("pdftotext").args(switches).arg(pdf).arg("-").output();
    let read = read.expect("pdftotext is installed (apt-get install poppler-utils)");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8_lossy(&read.stdout).into_owned()
}

fn number(line: &str, name: &str) -> f64 {
    line.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap().parse().unwrap()
}

/// The text of a page as printed; panics where it is not A4 or a word is not on the paper.
fn printed(browser: &Browser, address: &str, name: &str) -> String {
    browser.go(address);
    let folder = tempfile::tempdir().unwrap();
    let pdf = folder.path().join("page.pdf");
    browser.print(&pdf);
    if let Some(pictures) = std::env::var_os("PICTURES") {
        std::fs::copy(&pdf, Path::new(&pictures).join(format!("{name}.pdf"))).unwrap();
    }
    let boxes = read(&pdf, &["-bbox"]);
    let (mut width, mut pages) = (0.0, 0);
    for line in boxes.lines().map(str::trim) {
        if line.starts_with("<page ") {
            (width, pages) = (number(line, "width"), pages + 1);
            let height = number(line, "height");
            assert!((width - 595.0_f64).abs() < 2.0 && (height - 842.0_f64).abs() < 2.0, "{name} is no A4: {line}");
        }
        if line.starts_with("<word ") {
            assert!(number(line, "xMin") >= 20.0 && number(line, "xMax") <= width - 20.0, "{name}: cut: {line}");
        }
    }
    assert!((1..=6).contains(&pages), "{name} has {pages} pages");
    read(&pdf, &["-layout"])
}

/// Without the blanks and line ends that a table puts into words.
fn close_up(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn report_and_hand_over_are_printed_whole_and_readable_without_colours() {
    let bench = Bench::start();
    fill(&bench);
    let browser = Browser::open(WIDE);
    browser.take_cookie(&bench.url(""), &bench.cookie("wang"));
    browser.devtools("Emulation.setEmulatedMedia", &json!({ "media": "" }));
    let handover = close_up(&printed(&browser, &bench.url("/handover"), "handover"));
    for word in ["交接班", "乐合社区服务站", "预警", "紧急", "失联", "故障", "3号楼2单元201室", "值班员小张"]
    {
        assert!(handover.contains(word), "{word} in {handover}");
    }
    for control in ["可接警", "交给", "听到了", "记下"] {
        assert!(!handover.contains(control), "{control} cannot be pressed on paper: {handover}");
    }
    let report = close_up(&printed(&browser, &bench.url("/reports"), "report"));
    for word in ["报表", "乐合社区服务站", "版本", "接单", "结果", "失联", "故障"] {
        assert!(report.contains(word), "{word} in {report}");
    }
    // Every heading of every table, and every figure.
    let heads = browser.run(
        "return Array.from(document.querySelectorAll('.report th')).filter(function (cell) { return cell.offsetParent && !cell.closest('details'); }) \
         .map(function (cell) { return cell.textContent; }).filter(Boolean)",
    );
    for head in heads.as_array().unwrap().iter().filter_map(|head| head.as_str()) {
        assert!(report.contains(&close_up(head)), "the heading {head:?} is cut off: {report}");
    }
    let list = browser.run("return document.querySelector('.figures a').getAttribute('href')");
    let cases = close_up(&printed(&browser, &bench.url(list.as_str().unwrap()), "cases"));
    for word in ["紧急", "预警", "flat-1"] {
        assert!(cases.contains(word), "{word} in {cases}");
    }
    let help = close_up(&printed(&browser, &bench.url("/help"), "help"));
    for word in ["紧急", "预警", "提醒", "失联", "故障", "画面停住了怎么办", "站长电话", "快捷键"]
    {
        assert!(help.contains(word), "{word} in {help}");
    }
    assert_clean(&bench, &browser);
}

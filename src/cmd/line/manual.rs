//! The manual page carecircle(1) and the completions of shells: committed files of `packaging/` that say what the commands say.

// What is written into memory is written.
#![allow(clippy::unwrap_used)]

use super::Arguments;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use std::path::Path;

/// What no option says.
const MORE: &str = r#".SH FILES
.TP
\fI/etc/carecircle/gateway.toml\fR
The home's configuration, as \fBcarecircle init\fR writes it. Every key stands in \fI/usr/share/doc/carecircle/examples/gateway.toml\fR.
.TP
\fI/etc/carecircle/station.toml\fR
The service point's configuration.
.TP
\fI/etc/carecircle/conf.d/*.toml\fR
Read after it, in the order of their names; what stands there wins key by key.
.TP
\fI/etc/carecircle/secrets/\fR
Keys and passwords; systemd hands the daemons copies of them.
.TP
\fI/var/lib/carecircle/gateway/\fR, \fI/var/lib/carecircle/station/\fR
What the daemons know: one SQLite database each, and yesterday's copy of it.
.SH "EXIT STATUS"
0: done. 1: something around the program, said in words. 2: the command line. 78: the configuration; every problem of it was printed.
.SH "SEE ALSO"
.BR systemctl (1),
.BR journalctl (1),
.BR mosquitto (8)
"#;

/// The commands as the packages' program has them: the demo needs the embedded broker, which they leave out.
fn command() -> clap::Command {
    Arguments::command().mut_subcommand("demo", |demo| demo.hide(true)).disable_help_subcommand(true)
}

fn manual() -> String {
    let mut command = command();
    command.build();
    let man =
        Man::new(command.clone()).source(format!("carecircle {}", env!("CARGO_PKG_VERSION"))).manual("carecircle");
    let mut page = Vec::new();
    man.render_title(&mut page).unwrap();
    man.render_name_section(&mut page).unwrap();
    man.render_synopsis_section(&mut page).unwrap();
    man.render_description_section(&mut page).unwrap();
    page.extend(b".SH COMMANDS\n");
    each(&command, "carecircle", &mut page);
    String::from_utf8(page).unwrap() + MORE
}

/// One part for each command that can be given, below it its own commands.
fn each(command: &clap::Command, above: &str, page: &mut Vec<u8>) {
    for one in command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help") {
        let name = format!("{above} {}", one.get_name());
        let plain = one.clone().mut_arg("help", |help| help.hide(true));
        let man = Man::new(plain.clone().bin_name(&name).display_name(&name));
        let mut part = Vec::new();
        man.render_synopsis_section(&mut part).unwrap();
        part.extend(b".PP\n");
        man.render_description_section(&mut part).unwrap();
        if plain.get_arguments().any(|argument| !argument.is_hide_set()) {
            man.render_options_section(&mut part).unwrap();
        }
        // Headings of a page of its own are lines of a part of this one, and each part begins the page's macros anew.
        let text = String::from_utf8(part).unwrap();
        let kept = text
            .lines()
            .filter(|line| !line.starts_with(".SH ") && !line.starts_with(".ie ") && !line.starts_with(".el "));
        page.extend(format!(".SS \"{name}\"\n").bytes());
        page.extend(kept.flat_map(|line| line.bytes().chain(*b"\n")));
        each(one, &name, page);
    }
}

fn completion(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command(), "carecircle", &mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn the_committed_manual_and_completions_are_what_the_commands_say() {
    let files = [
        ("carecircle.1", manual()),
        ("completions/carecircle.bash", completion(Shell::Bash)),
        ("completions/_carecircle", completion(Shell::Zsh)),
        ("completions/carecircle.fish", completion(Shell::Fish)),
    ];
    for (file, text) in files {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(file);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, text).unwrap();
        } else {
            let committed = std::fs::read_to_string(path).unwrap_or_default();
            assert!(
                committed == text,
                "packaging/{file} is not current; UPDATE_GOLDEN=1 writes it anew, then review it"
            );
        }
    }
}

# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_carecircle_global_optspecs
    string join \n h/help V/version
end

function __fish_carecircle_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_carecircle_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_carecircle_using_subcommand
    set -l cmd (__fish_carecircle_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c carecircle -n "__fish_carecircle_needs_command" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_needs_command" -s V -l version -d 'Print version'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "gateway" -d 'The daemon in the home'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "station" -d 'The daemon at the service point'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "init" -d 'Looks around in a home, asks little, and writes a configuration'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "join" -d 'Enrols this home at its station with a one-time code'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "renew" -d 'Fetches this home\'s next certificate with the one it has'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "check" -d 'Every problem of configuration files at once, with line, column and what to do'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "listen" -d 'What the sensors say, live; unknown devices with a ready config snippet'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "decode" -d 'JSON lines of raw frames in, readings out'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "replay" -d 'Recorded history through the same engine'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "simulate" -d 'Made-up homes through the same engine: a year of residents who fall at random'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "report" -d 'What a home showed in the last days: activity, limits, alerts, sensors; one HTML page, or for the terminal'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "circle" -d 'Who is reached in fifteen minutes at which hours, whom nobody reaches, where one more point would help'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "history" -d 'What is kept of the home, since when and for how long; forgets all of it, or hands it out'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "status" -d 'The running daemon in ten lines'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "suspend" -d 'Tells the running gateway that the resident is away, in hospital, has visitors …; lists and ends such suspensions'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "test-alert" -d 'Tries every way out of the home from end to end, marked as a test, and shows which gave no answer'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "schema" -d 'The documents of the wire: JSON Schema of its bodies, AsyncAPI of its topics'
complete -c carecircle -n "__fish_carecircle_needs_command" -f -a "demo" -d 'Everything on loopback: a broker, station page, and a simulated home that lives, presses, falls silent'
complete -c carecircle -n "__fish_carecircle_using_subcommand gateway" -l config -d 'Configuration file; `conf.d/*.toml` beside it is read too' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand gateway" -l state-dir -d 'Where to look for the last good configuration when the file does not load' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand gateway" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and not __fish_seen_subcommand_from forget ca enroll revoke mosquitto" -l config -d 'Configuration file; `conf.d/*.toml` beside it is read too' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and not __fish_seen_subcommand_from forget ca enroll revoke mosquitto" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and not __fish_seen_subcommand_from forget ca enroll revoke mosquitto" -f -a "forget" -d 'Forgets everything about one home, for good; the station must be stopped'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and not __fish_seen_subcommand_from forget ca enroll revoke mosquitto" -f -a "ca" -d 'The authority that vouches for homes'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and not __fish_seen_subcommand_from forget ca enroll revoke mosquitto" -f -a "enroll" -d 'Makes a one-time code by which a new home gets its certificate: carecircle join CODE'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and not __fish_seen_subcommand_from forget ca enroll revoke mosquitto" -f -a "revoke" -d 'Turns a home away: it can do nothing more'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and not __fish_seen_subcommand_from forget ca enroll revoke mosquitto" -f -a "mosquitto" -d 'The configuration of the station\'s mosquitto'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from forget" -l confirm -d 'Its id, typed once more; without it, it is asked for' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from forget" -l config -d 'Configuration file; `conf.d/*.toml` beside it is read too' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from forget" -l even-with-open-alerts -d 'Although an alert about the person is open there: nobody would be told that it was not closed'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from ca" -l config -d 'Configuration file; `conf.d/*.toml` beside it is read too' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from ca" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from ca" -f -a "init" -d 'Makes the authority, once, and the station\'s own certificate'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from ca" -f -a "renew" -d 'Makes the station\'s own certificate anew: before two years are over, or for another name'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from enroll" -l config -d 'Configuration file; `conf.d/*.toml` beside it is read too' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from enroll" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from revoke" -l config -d 'Configuration file; `conf.d/*.toml` beside it is read too' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from mosquitto" -l config -d 'Configuration file; `conf.d/*.toml` beside it is read too' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from mosquitto" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand station; and __fish_seen_subcommand_from mosquitto" -f -a "write" -d 'Writes configuration, access list and certificates; again after each enroll and revoke'
complete -c carecircle -n "__fish_carecircle_using_subcommand init" -l mqtt -d 'The home\'s MQTT broker; otherwise the one on this machine is tried' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand init" -l user -d 'User at the broker, where it asks for one' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand init" -l password-file -d 'File whose first line is the user\'s password' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand init" -l serial -d 'Serial ports, as PATH or PATH=FAMILY; otherwise all of /dev/serial/by-id' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand init" -l out -d 'Where to write the configuration' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand init" -l home -d 'The home\'s pseudonym; otherwise one is made from this machine\'s id' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand init" -l seconds -d 'How long to listen for sensors' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand init" -l plaintext -d 'The link to a broker on another machine is not encrypted; must be said together with --network-is-ours'
complete -c carecircle -n "__fish_carecircle_using_subcommand init" -l network-is-ours -d 'Nobody else is on the network to that broker'
complete -c carecircle -n "__fish_carecircle_using_subcommand init" -l yes -d 'Asks nothing'
complete -c carecircle -n "__fish_carecircle_using_subcommand init" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand join" -l station -d 'Where the station lets new homes in' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand join" -l travel -d 'From the station to the door, such as "6m": then the station is put into the circle as well' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand join" -l config -d 'The home\'s configuration; what is joined goes to conf.d/joined.toml and secrets/ beside it' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand join" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand renew" -l config -d 'The home\'s configuration; its certificate lies in secrets/ beside it' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand renew" -l now -d 'Also before day 270'
complete -c carecircle -n "__fish_carecircle_using_subcommand renew" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand check" -l record -d 'Compare with this record of a walk test; otherwise with the one beside the file or in the state directory' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand check" -l database -d 'The gateway\'s database, or a copy of it; otherwise the one in the state directory' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand check" -l since -d 'Only the last so many days or hours of the history: 30d, 12h' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand check" -l online -d 'Also try the serial ports, the brokers, the state directory and the listening port'
complete -c carecircle -n "__fish_carecircle_using_subcommand check" -l against-history -d 'Also replay the home\'s own history: warn when a confirmed alert would have been missed, or the alerts doubled'
complete -c carecircle -n "__fish_carecircle_using_subcommand check" -l station -d 'Take every file for a station\'s; otherwise [home] or [station] in it decides'
complete -c carecircle -n "__fish_carecircle_using_subcommand check" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l config -d 'The gateway\'s configuration' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l seconds -d 'Ends by itself after so many seconds' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l pair -d 'Opens Zigbee2MQTT\'s joining, shows who joins and what to write for each, and closes it again' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l record -d 'Writes what is heard as JSON lines for `carecircle decode`; of a walk test, the commissioning record' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l learn -d 'Assigns the button, sensor or radio code that is pressed now to a sensor of the configuration, or to a new one: `new`, or with --kind the id it shall have' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l kind -d 'What the learned sensor is for' -r -f -a "motion\t''
presence\t''
call_button\t''
service_button\t''
outer_door\t''
door\t''
item\t''
bed\t''
chair\t''
smoke\t''
gas\t''
leak\t''
temperature\t''
mains\t''
ok_button\t''
away_button\t''
vital\t''"
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l room -d 'Where the learned sensor hangs' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l service -d 'What the learned service button asks for' -r -f -a "meal\t''
bath\t''
cleaning\t''
nursing\t''
repair\t''
other\t''
arrival\t''"
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l means -d 'What the learned radio code says' -r -f -a "sos\t''
single\t''
double\t''
long\t''
motion\t''
motion_end\t''
presence\t''
presence_end\t''
open\t''
closed\t''
leak\t''
leak_end\t''
smoke\t''
smoke_end\t''
gas\t''
gas_end\t''
vibration\t''
on\t''
off\t''
tamper\t''
tamper_end\t''
battery_low\t''
alive\t''"
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l json -d 'One JSON object per line'
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l lines -d 'A line per reading, as in a pipe, in place of the table'
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l write -d 'Writes what was learned into the configuration; without it only a conf.d beside it is written to'
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l walk-test -d 'Asks to walk each room and press each button, ticks them off, and writes a commissioning record'
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -l yes -d 'Begins the walk test without waiting for Enter'
complete -c carecircle -n "__fish_carecircle_using_subcommand listen" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand decode" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l history -d 'A recorded home: CSV or gzipped CSV `time,sensor,kind,value`; without it the gateway\'s own database is read' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l config -d 'Configuration of the home. With --history only its rules count, and sensors are taken as found' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l database -d 'The gateway\'s database, or a copy of it; otherwise the one in the configuration\'s state_dir' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l zone -d 'Zone of the wall clock in the history, e.g. Europe/Paris; without it a clock that never changes' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l since -d 'Learn from everything before, but show only the last so many days or hours: 30d, 12h' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l from -d 'Learn from everything before, but show only what was raised from here on' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l until -d 'Stop here' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l set -d 'Change a rule\'s setting for this run, e.g. rules.silent_sensor.after=30h; with --compare, for the other side' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l compare -d 'Compare with another configuration, or with this one as changed by --set: alerts gained, lost, earlier, later' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l probes -d 'Lines of instants: when would the alert come if the home fell silent there for 24 h?' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l format -d 'How to print' -r -f -a "text\t'To read'
jsonl\t'One JSON object a line'"
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -l verify -d 'Decide again what the gateway decided, from the inputs it wrote down; both must be the same, byte for byte'
complete -c carecircle -n "__fish_carecircle_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l seed -d 'Everything in the nights comes from this number' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l nights -d 'So many nights, counted from 1, in which whatever can fail does' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l night -d 'Only the night of this number' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l without -d 'Leave out these kinds of faults: names with commas between them, or all' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l planted -d 'A deliberate bug, to see that it is noticed' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l homes -d 'Drive a real broker and station with so many made-up homes; with --nights: so many in each night, at most 3' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l broker -d 'The broker to which the station listens' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l user -d 'User at the broker; it must be let write and read for every home' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l password-file -d 'File whose first line is the password' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l ca -d 'The authority that vouches for the broker (mqtts)' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l point -d 'The station\'s point' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l heartbeat-every -d 'How often each home says that it is there' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l alerts-per-second -d 'How many call buttons are pressed in a second, in all homes together' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l for -d 'How long it goes on' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l page -d 'The station\'s page: its staff takes and closes every alert, and screens can watch' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l sign-in -d 'Who signs in there' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l sign-in-password-file -d 'File whose first line is their password' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l staff-takes -d 'How long the staff takes until it takes an alert, and again until it closes it' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l screens -d 'How many screens watch the desk, each as a browser does' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l pid -d 'The station\'s process, to measure its processor time and memory' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l connections -d 'Connections to the broker' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l crowd-seed -d 'Everything that is left to chance comes from this number' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -l story -d 'Tell everything that happens in the night'
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and not __fish_seen_subcommand_from year" -f -a "year" -d 'Residents live for a year and fall at random: what is found, how soon, and what nobody needed'
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l seed -d 'Everything that is left to chance comes from this number' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l residents -d 'Who: names with commas between them, or all' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l days -d 'How long' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l from -d 'The first day' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l zone -d 'Zone of the clock on the wall' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l falls-per-year -d 'How often each resident falls and cannot get up, on average; 0 for a year in which nothing happens' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l config -d 'Take the rules from this configuration; without it they have their defaults' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l set -d 'Change a rule\'s setting for this run, e.g. rules.silent_sensor.after=30h' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l write-history -d 'Write what the gateway of one resident heard, for `carecircle replay`; gzipped if it ends in .gz' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l format -d 'How to print' -r -f -a "text\t'A table to read'
json\t'One JSON object'"
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l list -d 'Say who the residents are, and end'
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -l no-failures -d 'Nothing fails: no dead sensor, no lost link, no power cut'
complete -c carecircle -n "__fish_carecircle_using_subcommand simulate; and __fish_seen_subcommand_from year" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c carecircle -n "__fish_carecircle_using_subcommand report" -l config -d 'The gateway\'s configuration' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand report" -l database -d 'The gateway\'s database; without it the one in its state directory, read beside the running daemon' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand report" -l history -d 'A recorded home in place of the database: CSV or gzipped CSV `time,sensor,kind,value`' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand report" -l days -d 'How many days, today included' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand report" -l out -d 'Where to write the page; without it report-<home>-<day>.html here' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand report" -l language -d 'zh or en; without it the language of the configuration' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand report" -l station -d 'A station\'s configuration: the figures of a month as its page gives them as CSV, read beside the running daemon' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand report" -l month -d 'Of a station: which month; without it the present one' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand report" -l json -d 'Of a station: JSON in place of CSV'
complete -c carecircle -n "__fish_carecircle_using_subcommand report" -l text -d 'Print it for a terminal of 80 columns; a page is written only with --out'
complete -c carecircle -n "__fish_carecircle_using_subcommand report" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l points -d 'Service points as CSV (columns below); with --example, how many to make up' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l homes -d 'Homes as CSV (columns below); with --example, how many to make up' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l within -d 'Somebody must be at the door within this time; counted in thirds' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l at -d 'Only this instant, by the clock on the wall, instead of the usual week: 2027-02-06T22:30; holidays count' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l format -d 'How to print' -r -f -a "table\t'A short table to read'
csv\t'A row for every home, or for every point and part of the week'
geojson\t'Points, homes and proposed places for a map'
json\t'One JSON object with everything counted'"
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l rows -d 'What a row of --format csv is' -r -f -a "homes\t'A home: who comes first, when quickest and when slowest'
points\t'A point in a part of the week: how many homes it is the nearest of'"
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l svg -d 'Draw points and homes into this file' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l more -d 'So many places for further points, each the best after those before it' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l more-by -d 'How the staff of further points goes; without it, as most do now' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l detour -d 'The way is so many times longer than the straight line' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l speed -d 'Speed in km/h from door to door: foot=4.5, e_bike=15, car=20 without it' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l start -d 'From the alert to the first step out of the door' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l example -d 'Make up a city in this directory, points.csv and homes.csv, and end' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -l seed -d 'What the made-up city comes from' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand circle" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and not __fish_seen_subcommand_from show forget export" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and not __fish_seen_subcommand_from show forget export" -f -a "show" -d 'What is kept, since when, how much, when the oldest goes, and who agreed to it'
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and not __fish_seen_subcommand_from show forget export" -f -a "forget" -d 'Forgets everything about this home, for good; the gateway must be stopped'
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and not __fish_seen_subcommand_from show forget export" -f -a "export" -d 'Everything that is kept, as JSON lines: without names of rooms and people, unless the person asks for all of it'
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and __fish_seen_subcommand_from show" -l config -d 'The gateway\'s configuration' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and __fish_seen_subcommand_from forget" -l config -d 'The gateway\'s configuration' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and __fish_seen_subcommand_from forget" -l home -d 'The home\'s id, typed once more; without it, it is asked for' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and __fish_seen_subcommand_from forget" -l with-keys -d 'Also the keys and certificates in the folder secrets beside the configuration: the home cannot speak as itself any more'
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and __fish_seen_subcommand_from export" -l config -d 'The gateway\'s configuration' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and __fish_seen_subcommand_from export" -l as-is -d 'Ids and words as they are: for the person whose data it is'
complete -c carecircle -n "__fish_carecircle_using_subcommand history; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand status" -l config -d 'The gateway\'s configuration, for a gateway with a run directory of its own' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand status" -l run-dir -d 'The directory the gateway writes its status to, in place of a configuration' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand status" -l json -d 'The status as JSON, with `running` added'
complete -c carecircle -n "__fish_carecircle_using_subcommand status" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand suspend" -l owner -d 'Who answers for it: an id of the staff, never a name' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand suspend" -l reason -d 'In words, for the next who reads it' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand suspend" -l until -d 'Its end, at most 30 days from now: 12h, 3d, 20:00 or "2026-12-01 18:00" by the clock on the home\'s wall' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand suspend" -l end -d 'End this one now: its number in --list, or its kind' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand suspend" -l config -d 'The gateway\'s configuration, for a gateway with a state directory of its own' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand suspend" -l state-dir -d 'The gateway\'s state directory, in place of a configuration' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand suspend" -l list -d 'What holds now, and what will; each with its number'
complete -c carecircle -n "__fish_carecircle_using_subcommand suspend" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand test-alert" -l config -d 'The gateway\'s configuration, for a gateway with a state directory of its own' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand test-alert" -l state-dir -d 'The gateway\'s state directory, in place of a configuration' -r -F
complete -c carecircle -n "__fish_carecircle_using_subcommand test-alert" -l json -d 'What came of it as JSON, at its end'
complete -c carecircle -n "__fish_carecircle_using_subcommand test-alert" -s h -l help -d 'Print help'
complete -c carecircle -n "__fish_carecircle_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c carecircle -n "__fish_carecircle_using_subcommand demo" -l port -d 'Where the page is served on this machine; 0 chooses a free port' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand demo" -l language -d 'Language of the page: zh or en (each visitor can switch)' -r -f -a "zh\t'Simplified Chinese'
en\t'English'"
complete -c carecircle -n "__fish_carecircle_using_subcommand demo" -l seed -d 'The resident\'s day comes from this number' -r
complete -c carecircle -n "__fish_carecircle_using_subcommand demo" -l story -d 'Play the whole story once, the staff\'s answers included, and end: 0 only if every step was seen'
complete -c carecircle -n "__fish_carecircle_using_subcommand demo" -l mosquitto -d 'Start Debian\'s mosquitto instead of the broker inside; a program built without one (the package) always does'
complete -c carecircle -n "__fish_carecircle_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'

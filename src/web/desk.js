// Makes the page live and loud; adds no power. Also the worker through which tabs share one stream.
(function () {
'use strict';
var STALE = 10000, DEAD = 30000, FORM = 'x-www-form-urlencoded';
if (!self.document) { worker(); return; }

/* the stream: shared, else one for each tab, else asking every 5 s */

// A clock that a wrong PC clock cannot move.
function steady() { return performance.now(); }

// Begins anew, also where it hangs.
function stream(after, tell) {
	var source = null, last = after, heard = steady(), over = false;
	function open() {
		source = new EventSource('/events?after=' + encodeURIComponent(last));
		['beat', 'changed', 'errands', 'reset', 'bye'].forEach(kind => {
			source.addEventListener(kind, e => {
				heard = steady();
				if (e.lastEventId) last = e.lastEventId;
				if (kind === 'bye') { over = true; source.close(); }
				tell({ kind: kind, data: JSON.parse(e.data) });
			});
		});
		source.onopen = () => tell({ kind: 'open' });
		source.onerror = () => {
			tell({ kind: 'error' });
			if (source.readyState === 2 && !over) setTimeout(open, 2000);
		};
	}
	open();
	return () => {
		if (!over && source.readyState === 1 && steady() - heard > 12000) {
			heard = steady();
			source.close();
			open();
		}
	};
}
function worker() {
	var tabs = [], look = null, singer = null;
	function all(message) { tabs.forEach(tab => tab.port.postMessage(message)); }
	// Of many tabs one sounds.
	function choose() {
		var able = tabs.filter(tab => tab.sounds && steady() - tab.at < 5000);
		if (able.includes(singer)) return;
		singer = able[0];
		tabs.forEach(tab => tab.port.postMessage({ kind: 'sing', sings: !singer || tab === singer }));
	}
	self.onconnect = e => {
		var tab = { port: e.ports[0], sounds: false, at: steady() };
		tabs.push(tab);
		tab.port.onmessage = message => {
			var said = message.data;
			tab.at = steady();
			if (said.kind === 'hello' && !look) {
				look = stream(said.after, all);
				setInterval(() => { look(); choose(); all({ kind: 'tick' }); }, 1000);
			} else if (said.kind === 'hello') {
				tab.port.postMessage({ kind: 'open' });
			}
			if (said.kind === 'here') tab.sounds = said.sounds;
			if (said.kind === 'pause') all(said);
			if (said.kind === 'bye') tabs.splice(tabs.indexOf(tab), 1);
		};
	};
}

/* the page */

var body = document.body, data = body.dataset, content = $('content'), beside = $('beside'), words = $('words').dataset;
var units = data.units.split(','), fragment = data.fragment, isDesk = fragment === '/desk.fragment';
var screenId = sessionStorage.screen = sessionStorage.screen || Math.random() + data.now;
var toServer = data.now - steady(), lastBeat = steady(), seenBeat = false, ready = $('not-ready').hidden;
var tab = null, look = null, asking = {};
var desk = { n: 0, emergencies: [], rings: [] }, known = null, held = null;
var panel = null, wanted = false, awaited = '', pressed = null, byKey = false, byMouse = false;
var ahead = Date.now() - steady(), lastTick = steady(), old = false, lateAt = 0, floor = Math.floor;

function now() { return steady() + toServer; }
function query(selector) { return document.querySelector(selector); }
function $(id) { return document.getElementById(id); }
function show(element, shown) { if (element && element.hidden !== !shown) element.hidden = !shown; }
function write(element, text) { if (element && element.textContent !== text) element.textContent = text; }
function active() { return document.activeElement || body; }
function what(row) { return row.querySelector('.what'); }
function href(link) { return link.getAttribute('href'); }
function two(n) { return (n < 10 ? '0' : '') + n; }
function list(root, selector) { return Array.from(root.querySelectorAll(selector)); }
function wallAt(ms, secs) {
	var s = floor(ms / 1000 - -$('wall').dataset.offset) % 86400;
	return two(floor(s / 3600)) + ':' + two(floor(s / 60) % 60) + (secs ? ':' + two(s % 60) : '');
}
function length(ms) {
	var secs = Math.max(0, floor(ms / 1000));
	var parts = [floor(secs / 86400), floor(secs / 3600) % 24, floor(secs / 60) % 60, secs % 60];
	var first = Math.min(parts.concat(1).findIndex(n => n > 0), 3);
	return [first, first + 1].filter((i, n) => !n || parts[i]).map(i => parts[i] + ' ' + units[i]).join(' ');
}
function drawClocks() {
	var at = now();
	list(document, 'time[data-until]').forEach(clock => {
		var until = clock.dataset.until, left = Math.trunc((until - at) / 1000), over = until < at, n = Math.abs(left);
		write(clock, (over ? '+' : '') + floor(n / 60) + ':' + two(n % 60));
		if (clock.dataset.ends) { show(clock.closest('form'), !over); return; }
		clock.parentNode.className = 'clock ' + (over ? 'over' : (left <= clock.dataset.warn ? 'warn' : 'fine'));
	});
	list(document, '[data-since]').forEach(age => {
		var ago = age.dataset.ago;
		write(age, length(at - age.dataset.since) + (ago === 'ago' ? ' ago' : ago));
	});
	write($('wall'), wallAt(at, true));
}

/* live, ready, loud */
function drawAge() {
	var silent = steady() - lastBeat, stale = old || silent > STALE, dead = silent > DEAD;
	show($('live'), seenBeat && !stale);
	write($('live-age'), length(silent));
	show($('stale'), stale);
	// Nothing is green without proof, nor by what a stale page knew.
	show($('ready'), ready && !stale);
	show($('not-ready'), !ready);
	write($('stale-at'), wallAt(now() - silent, true));
	write($('stale-age'), length(silent));
	show($('gone'), dead);
	body.classList.toggle('dead', dead);
	drawTitle(stale, dead);
	drawSound();
}
function drawTitle(stale, dead) {
	var title = (desk.n ? '(' + desk.n + (desk.emergencies[0] ? '!) ' : ') ') : '') + data.title;
	if (sound() !== 'running') title = '🔇 ' + title;
	if (dead) title = '✖ ' + data.cut;
	if (document.title !== title) document.title = title;
	var icon = words['icon' + (stale ? 'Stale' : sound() !== 'running' ? 'Mute' : desk.n ? 'Busy' : 'Calm')].replace('{n}', desk.n);
	var link = query('link[rel=icon]');
	if (href(link) !== icon) link.href = icon;
}
function setReady(is) { if (is !== ready) { ready = is; refresh(); } }

/* sound */

var Audio = window.AudioContext || window.webkitAudioContext;
var audio = Audio ? new Audio() : null;
var sings = true, singing = '', nextAt = 0, pausedUntil = 0, playing = [];
var lastPost = -1e9, posted = '', staleAt = 0;

function sound() { return audio ? audio.state.replace('suspended', 'locked') : 'missing'; }
function drawSound() {
	var state = sound(), on = state === 'running', paused = pausedUntil > steady(), button = $('sound');
	button.hidden = false;
	button.className = 'sound ' + (paused && on ? 'paused' : state);
	write(button, !on ? (state === 'missing' ? words.soundMissing : words.soundLocked)
		: paused ? words.soundPaused + wallAt(now() + pausedUntil - steady()) : words.soundOn);
	button.title = on ? words.soundPause : '';
}

// Base note and four harmonics, each 6 dB softer; 20 ms rise and fall.
function pulse(base, at, secs, loud) {
	var node = audio.createGain(), gain = node.gain;
	gain.setValueAtTime(0, at);
	gain.linearRampToValueAtTime(loud, at + .02);
	gain.setValueAtTime(loud, at + secs - .02);
	gain.linearRampToValueAtTime(0, at + secs);
	node.connect(audio.destination);
	var wave = audio.createPeriodicWave(new Float32Array(6), new Float32Array([0, 1, .5, .25, .125, .0625]));
	var tone = audio.createOscillator();
	tone.setPeriodicWave(wave);
	tone.frequency.value = base;
	tone.connect(node);
	tone.start(at);
	tone.stop(at + secs);
	playing.push(tone);
}

// Seconds between two, at first and after a minute; then note, begin, length and loudness of each pulse.
var SOFT = [[440, 0, .2, .25], [440, .3, .2, .25]];
var PATTERNS = {
	emergency: [6, 4, [0, .22, .44, .98, 1.2, 1.72, 1.94, 2.16, 2.7, 2.92].map((at, n) => [n % 5 < 3 ? 660 : 880, at, .12, .6])],
	urgent: [15, 8, [0, .34, .68].map(at => [587, at, .18, .5])],
	ask: [20, 20, SOFT],
	blind: [120, 120, [[523, 0, .25, .4], [392, .27, .25, .4]]],
	notice: [300, 300, SOFT],
	test: [0, 0, [[660, 0, .25, .5], [880, .3, .35, .5]]],
	tick: [0, 0, [[880, 0, .08, .2]]],
	stale: [0, 0, [...Array(10).keys()].map(n => [180, n / 2, .05, .6])]
};
var LOUDEST = ['emergency', 'urgent', 'ask', 'blind', 'notice'];
function play(name) {
	if (sound() !== 'running') return;
	var from = audio.currentTime + .02;
	playing = [];
	PATTERNS[name][2].forEach(p => pulse(p[0], from + p[1], p[2], p[3]));
}
function hush() {
	playing.forEach(tone => { try { tone.stop(); } catch (ended) { /* it has ended */ } });
	playing = [];
}

// The loudest of what waits, and nothing else; faster after a minute.
function sing() {
	var loudest = LOUDEST.find(name => desk.rings.some(ring => ring.name === name)) || '';
	if (loudest !== singing) {
		if (singing) hush();
		singing = loudest;
		nextAt = 0;
	}
	if (!loudest || !sings || pausedUntil > steady() || steady() < nextAt || sound() !== 'running') return;
	var late = desk.rings.some(ring => ring.name === loudest && ring.by > 0 && ring.by < now());
	nextAt = steady() + 1000 * PATTERNS[loudest][late ? 1 : 0];
	play(loudest);
}
function pause(ms) {
	pausedUntil = steady() + ms;
	hush();
	nextAt = 0;
	drawSound();
}
function unlock() {
	if (!audio || audio.state === 'running') return;
	audio.resume().then(() => {
		if (audio.state !== 'running') return;
		play('test');
		nextAt = steady() + 1500;
		write($('say'), words.heard);
		post();
		drawAge();
		if (window.Notification && Notification.permission === 'default' && isSecureContext) Notification.requestPermission();
	});
}

// The station counts the screens that can be heard.
function here() { if (tab) tab.postMessage({ kind: 'here', sounds: sound() === 'running' }); }
function post() {
	if (!data.sees) return;
	lastPost = steady();
	posted = sound();
	here();
	http('/api/v1/screens', 'json', JSON.stringify({ id: screenId, sound: posted, visible: !document.hidden, build: data.build }),
		xhr => { if (xhr.status === 200) setReady(JSON.parse(xhr.responseText).ready); });
}
/* what the desk says */

// Sound, title, notifications, banner: never wait for the hand.
function hear(fresh) {
	var counts = fresh.querySelector('.counts');
	if (!counts) return;
	var rows = list(fresh, '.row[data-rings]');
	desk.n = +counts.dataset.unclaimed;
	[['/', 'unclaimed'], ['/daily', 'daily'], ['/faults', 'faults']].forEach(n => {
		write(query('.nav [href="' + n[0] + '"] b'), counts.dataset[n[1]].replace(/^0$/, ''));
	});
	desk.emergencies = rows.filter(row => row.dataset.rings === 'emergency');
	desk.rings = rows.map(row => ({
		name: row.dataset.rings || (data.who && row.dataset.asks === data.who ? 'ask' : ''), by: row.dataset.by
	})).filter(ring => ring.name);
	var told = rows.filter(row => row.dataset.rings);
	var news = known ? told.filter(row => !known.includes(mark(row))) : [];
	news.forEach(row => {
		var rings = row.dataset.rings, isDire = rings === 'emergency';
		if (isDire || rings === 'urgent') { pausedUntil = nextAt = 0; notify(row); }
		write($(isDire ? 'say-now' : 'say'), row.dataset.say);
	});
	known = told.map(mark);
	var why = fresh.querySelector('.why');
	ready = why.dataset.ready === 'true';
	if ($('why').innerHTML !== why.innerHTML) $('why').innerHTML = why.innerHTML;
	drawAge();
	sing();
}
function mark(row) { return row.id + ' ' + row.dataset.rings + ' ' + row.dataset.step; }

// One for an alert and its step, whatever the number of tabs.
function notify(row) {
	if (!window.Notification || Notification.permission !== 'granted') return;
	var told = (localStorage.told || '').split('\n');
	if (told.includes(mark(row))) return;
	localStorage.told = told.slice(-40).concat(mark(row)).join('\n');
	var say = row.dataset.say.split('\n'), id = row.id;
	var note = new Notification(say[0], { body: say[1] || '', tag: id, requireInteraction: row.dataset.rings === 'emergency' });
	note.onclick = () => {
		focus();
		if (isDesk) choose($(id)); else location = '/#' + id;
		note.close();
	};
}
function parse(html) {
	var fresh = document.createElement('main');
	fresh.innerHTML = html; // drawn and escaped by the station
	return fresh;
}
function refresh() {
	if (!data.sees) return;
	ask('/desk.fragment', html => {
		var fresh = parse(html);
		if (old) { old = false; lastBeat = steady(); }
		hear(fresh);
		if (isDesk) take(fresh, html);
		if (!window.EventSource) beat({});
	});
	if (fragment && !isDesk) {
		ask(fragment, html => take(parse(html), html));
	}
}
function ask(url, then) {
	if (asking[url]) { asking[url] = 2; return; }
	asking[url] = 1;
	http(url, '', null, xhr => {
		var again = asking[url] === 2;
		delete asking[url];
		if (xhr.status === 200) then(xhr.responseText);
		if (again) ask(url, then);
	});
}
function http(url, type, sent, done) {
	var xhr = new XMLHttpRequest();
	xhr.open(type ? 'POST' : 'GET', url);
	if (type) xhr.setRequestHeader('content-type', 'application/' + type);
	xhr.timeout = 12000;
	xhr.onloadend = () => {
		var out = xhr.status === 401 || /\/sign-in/.test(xhr.responseURL);
		if (out) ended(); else done(xhr);
	};
	xhr.send(sent);
}
function ended() {
	show($('ended'), true);
	hush();
	play('stale');
}

/* rows stay where the hand is */
function isWriting(root) {
	return list(root, 'textarea, input.text').some(f => f.value !== f.defaultValue) ||
		list(root, 'input[type=radio]').some(f => f.checked !== f.defaultChecked);
}
function isHeld() {
	var inList = byKey && content.contains(active()) && active().closest('.row, form');
	return inList || (byMouse && content.querySelector('.row:hover'));
}
function ids(root) { return list(root, '.row').map(row => row.id); }
function take(fresh, html) {
	if (isWriting(content)) { held = html; return; }
	var before = ids(content), after = ids(fresh);
	var moves = isHeld() && before.join() !== after.join();
	if (moves) {
		held = html;
		var news = after.filter(id => !before.includes(id)).length;
		// Rows learn what is new where they stand, not the one in hand.
		list(content, '.row').forEach(row => {
			var other = fresh.querySelector('#' + CSS.escape(row.id));
			if (other && !row.contains(active()) && !row.matches(':hover')) row.replaceWith(other);
		});
		write($('fresh-show'), news > 0 ? words.fresh.replace('{n}', news) : words.moved);
	} else {
		swap(fresh);
	}
	show($('fresh'), moves);
	banner();
	drawClocks();
	if (panel && !isBusy() && !/form=/.test(panel)) open(panel, true);
}

// An unclaimed emergency not in the list is named above it.
function banner() {
	var there = ids(content), hidden = desk.emergencies.filter(row => !there.includes(row.id));
	var link = $('alarm-link');
	show($('alarm'), hidden[0]);
	if (hidden[0]) {
		write(link, '⬣ ' + hidden[0].dataset.say.replace('\n', ' · ') + (hidden.length > 1 ? ' +' + (hidden.length - 1) : ''));
		link.href = '/#' + hidden[0].id;
	}
}
function swap(fresh) {
	held = null;
	show($('fresh'), false);
	var opened = list(content, 'details[open]').map(d => d.id);
	var focus = active().closest('#content .row'), part = active().matches('.primary') ? '.primary' : '.what';
	content.innerHTML = fresh.innerHTML;
	opened.forEach(id => { if (id && $(id)) $(id).open = true; });
	var again = focus && $(focus.id) && $(focus.id).querySelector(part);
	if (again) again.focus({ preventScroll: true });
	markChosen();
	drawClocks();
}
function release(anyway) {
	if (held === null || isWriting(content) || (isHeld() && !anyway)) return;
	swap(parse(held));
	banner();
}

/* the selected alert beside the list */
function isWide() { return beside && matchMedia('(min-width: 1100px)').matches; }
function put(html) {
	wanted = false;
	beside.innerHTML = html;
	// What is on the page twice has one id.
	list(beside, '[id]').forEach(e => e.id = 'b-' + e.id);
	list(beside, '[for]').forEach(e => e.htmlFor = 'b-' + e.htmlFor);
	beside.classList.add('opened');
	drawClocks();
	if (awaited) {
		var field = beside.querySelector(awaited);
		awaited = '';
		if (field) field.focus();
	}
}
function open(url, again) {
	panel = url;
	wanted = wanted || !again;
	var plain = url.split('#')[0];
	ask(plain + (/\?/.test(plain) ? '&' : '?') + 'fragment=1', html => {
		if (panel === url && (wanted || !isBusy())) put(html);
	});
	markChosen();
}
function isBusy() { return isWriting(beside) || beside.contains(active()); }
function shut() {
	panel = null;
	beside.classList.remove('opened');
	beside.innerHTML = $('beside-empty').innerHTML;
	markChosen();
}
function choose(row) {
	if (!row) return;
	what(row).focus();
	if (isWide()) open(href(what(row)));
}
function markChosen() {
	var base = panel && panel.split('&')[0];
	list(content, '.row').forEach(row => {
		row.classList.toggle('chosen', href(what(row)) === base);
	});
}

// Sent without leaving the page: the sound goes on and the list stays.
function send(form) {
	if (form.dataset.sent) return;
	form.dataset.sent = '1';
	form.classList.add('unsent');
	var fields = new URLSearchParams(new FormData(form));
	if (pressed && pressed.form === form && pressed.name) fields.append(pressed.name, pressed.value);
	var sent = fields.toString();
	var shown = panel;
	http(form.getAttribute('action'), FORM, sent, xhr => {
		delete form.dataset.sent;
		form.classList.remove('unsent');
		var page = read(xhr), main = page.getElementById('content');
		show($('unsent'), !main);
		if (!main) { keep(form.action, sent); return; }
		if (!isDesk) { arrived(xhr, main); return; }
		var who = page.querySelector('header .who');
		if (who) {
			query('header .who').replaceWith(who);
			data.who = page.body.dataset.who;
		}
		var isDone = xhr.status === 200 && main.classList.contains('desk');
		if (!isDone && !isWide()) {
			form.submit(); // the same click: the same answer, as a page
		} else if (isDone) {
			play('tick');
			hear(main);
			swap(main);
			banner();
			// Who has gone on meanwhile stays there.
			if (panel !== shown) return;
			var at = active(), left = !beside.contains(form) || (beside.contains(at) && !form.contains(at));
			if (panel) open(panel.split('&form=')[0], left); else shut();
		} else {
			if (main.querySelector('.choose, .message')) panel = null;
			put(main.innerHTML);
			refresh();
		}
	});
}

function read(xhr) { return new DOMParser().parseFromString(xhr.responseText || '', 'text/html'); }

/* the street: what is pressed without a network is kept and sent later */
function kept(all) {
	if (all) localStorage.kept = JSON.stringify(all);
	return all || JSON.parse(localStorage.kept || '[]');
}
function keep(to, sent) {
	// A take that nobody knows of is dangerous: it is not kept.
	if (/step=(depart|arrive|note)/.test(sent)) kept(kept().concat({ to, sent, at: Date.now() }));
	else write($('unsent'), /step=(take|close)/.test(sent) ? words.bySms : words.notSent);
}
function late() {
	var one = kept()[0];
	if (!one) return;
	write($('unsent'), words.kept);
	show($('unsent'), true);
	if (steady() < lateAt) return;
	lateAt = steady() + 5000;
	http(one.to, FORM, one.sent + '&ago=' + Math.round((Date.now() - one.at) / 1000), xhr => {
		var main = read(xhr).getElementById('content');
		if (!main) return;
		lateAt = 0;
		show($('unsent'), kept(kept().filter(other => other.at !== one.at))[0]);
		arrived(xhr, main);
	});
}
function arrived(xhr, main) {
	if (isDesk) refresh(); else if (xhr.status !== 200 || main.querySelector('.choose')) swap(main);
	else location = xhr.responseURL.split('#')[0];
}

/* keys */

var goes = false;
function key(e) {
	var at = e.target;
	if (e.key === 'Escape') { escape(); return; }
	if (e.ctrlKey || e.altKey || e.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return;
	var row = at.closest && at.closest('.row');
	var step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[e.key];
	if (goes) { goes = false; go({ d: '/daily', h: '/homes', f: '/faults', r: '/reports' }[e.key]); return; }
	if (e.key === 'g') { goes = true; setTimeout(() => goes = false, 2000); return; }
	if (e.key === '?') show($('keys'), $('keys').hidden);
	else if (e.key === 'm') toggle();
	else if (e.key === '/') { e.preventDefault(); location = '/homes#find'; }
	else if (step && (row || e.key.length === 1)) { e.preventDefault(); move(row, step); }
	else if (row) onRow(row, e, e.key);
}
function onRow(row, e, key) {
	var button = row.querySelector({ t: '.d-take', o: '.d-depart', a: '.d-arrive', z: '.undo-row button' }[key] || 'none');
	var form = { c: row.dataset.close, n: href(what(row)) }[key];
	if (button) button.click();
	if (form) {
		e.preventDefault();
		awaited = key === 'c' ? 'input[type=radio]' : 'textarea';
		if (isWide()) open(form); else location = form;
	}
}
function go(href) {
	var link = query('.nav a[href="' + href + '"]');
	if (link) link.click();
}
function move(row, step) {
	var all = list(content, '.row').filter(other => !other.closest('details:not([open])'));
	var next = all[row ? all.indexOf(row) + step : 0];
	if (next) what(next).focus();
}
function escape() {
	show($('keys'), false);
	if (beside && beside.contains(active())) shut();
	active().blur();
	release();
}
function toggle() {
	if (sound() !== 'running') { unlock(); return; }
	var message = { kind: 'pause', ms: pausedUntil > steady() ? 0 : 120000 };
	if (tab) tab.postMessage(message); else told(message);
}

/* begin */
// What slept is not current until read anew. The steady clock may sleep too.
function wake() {
	var unseen = Date.now() - steady() - ahead, late = steady() - lastTick;
	ahead += unseen;
	lastTick += late;
	if (Math.max(unseen, late) < 6000 || !data.sees) return;
	old = true;
	if (unseen > 0) lastBeat -= unseen;
	drawAge();
	refresh();
}
function beat(news) {
	if (old) refresh(); else lastBeat = steady();
	seenBeat = true;
	if (news.now_ms) toServer = news.now_ms - steady();
	if ('ready' in news) setReady(news.ready);
	if (news.build && news.build !== data.build) show($('updated'), true);
	drawAge();
}
function told(message) {
	wake();
	var kind = message.kind;
	if (kind === 'beat') beat(message.data);
	else if (kind === 'tick') tick();
	else if (kind === 'sing') { sings = message.sings; sing(); }
	else if (kind === 'pause') pause(message.ms);
	else if (kind === 'bye') { setInterval(() => { refresh(); beat({}); }, 5000); }
	else refresh();
}

// The worker ticks in the background too.
function tick() {
	drawAge();
	sing();
	late();
	if (steady() - lastPost >= 9500 || posted !== sound()) post();
	else here();
	if (steady() - lastBeat > DEAD && steady() - staleAt > 20000) { staleAt = steady(); play('stale'); }
	if (look) look();
}
function listen() {
	if (!window.EventSource) { setInterval(refresh, 5000); refresh(); return; }
	try {
		if (window.SharedWorker) {
			var shared = new SharedWorker('/static/desk.js?' + data.build);
			shared.onerror = () => { if (tab) { tab = null; look = stream(data.after, told); } };
			tab = shared.port;
			tab.onmessage = e => told(e.data);
			tab.postMessage({ kind: 'hello', after: data.after });
			addEventListener('pagehide', () => { if (tab) tab.postMessage({ kind: 'bye' }); });
			return;
		}
	} catch (refused) { tab = null; }
	look = stream(data.after, told);
}
function on(kind, then) { document.addEventListener(kind, then); }

$('sound').onclick = toggle;
$('fresh-show').onclick = () => { release(true); scrollTo(0, 0); };
on('click', e => {
	pressed = e.target.closest('button');
	if (pressed !== $('sound')) unlock();
	var link = e.target.closest('a');
	if (!link || !isDesk || e.ctrlKey || e.shiftKey || e.metaKey) return;
	var inRow = content.contains(link) && link.matches('.what, .more, .d-close');
	if (link.id === 'alarm-link') {
		e.preventDefault();
		release(true);
		choose($(link.hash.slice(1)));
	} else if (isWide() && (inRow || (beside.contains(link) && /^\/alert\//.test(href(link))))) {
		e.preventDefault();
		open(href(link));
	}
});
on('resume', wake);
on('mousedown', () => byKey = false);
on('pointermove', e => byMouse = e.pointerType === 'mouse');
on('keydown', e => { byKey = true; if (e.key !== 'Escape') unlock(); key(e); });
on('submit', e => {
	var form = e.target;
	var isIn = content.contains(form);
	if (isDesk ? isIn || beside.contains(form) : isIn && /\/step/.test(form.action)) {
		e.preventDefault();
		send(form);
	} else {
		form.classList.add('unsent');
	}
});
['mouseout', 'focusout'].forEach(kind => on(kind, () => setTimeout(release, 50)));
on('visibilitychange', () => { if (!document.hidden) refresh(); post(); });
addEventListener('pageshow', e => { if (e.persisted) location.reload(); });

body.classList.add('live-page');
setInterval(() => { wake(); drawClocks(); if (!tab) tick(); }, 1000);
hear(content);
drawAge();
drawClocks();
if (data.sees) listen();
post();
if (isDesk && /^#alert-/.test(location.hash)) choose($(decodeURIComponent(location.hash.slice(1))));
})();

// Makes the page live: events, clocks, and the word when it is not live any more. Adds no power: every deed is a form.
(function () {
  'use strict';
  var body = document.body;
  var content = document.getElementById('content');
  var units = body.dataset.units.split(',');
  var fragment = body.dataset.fragment;
  var serverMinusHere = Number(body.dataset.now) - steady();
  var lastBeat = steady();
  var lastId = body.dataset.after;
  var source = null;
  var asking = false;
  var askAgain = false;
  var held = null;
  var seenBeat = false;
  var title = document.title;
  var ready = byId('not-ready').hidden;

  // A clock that a wrong or changed PC clock cannot move.
  function steady() { return performance.now(); }
  function now() { return steady() + serverMinusHere; }
  function byId(id) { return document.getElementById(id); }
  function show(element, shown) { if (element) { element.hidden = !shown; } }
  function two(n) { return (n < 10 ? '0' : '') + n; }

  function length(ms) {
    var secs = Math.max(0, Math.floor(ms / 1000));
    var parts = [Math.floor(secs / 86400), Math.floor(secs / 3600) % 24, Math.floor(secs / 60) % 60, secs % 60];
    var first = parts.findIndex(function (n) { return n > 0; });
    if (first < 0) { first = 3; }
    var words = [parts[first] + ' ' + units[first]];
    if (first < 3 && parts[first + 1] > 0) { words.push(parts[first + 1] + ' ' + units[first + 1]); }
    return words.join(' ');
  }

  function drawClocks() {
    var at = now();
    content.querySelectorAll('time[data-until]').forEach(function (clock) {
      var left = Math.trunc((Number(clock.dataset.until) - at) / 1000);
      var over = Number(clock.dataset.until) < at;
      var n = Math.abs(left);
      var text = (over ? '+' : '') + Math.floor(n / 60) + ':' + two(n % 60);
      if (clock.textContent !== text) { clock.textContent = text; }
      var tone = over ? 'over' : (left <= Number(clock.dataset.warn) ? 'warn' : 'fine');
      clock.parentNode.className = 'clock ' + tone;
    });
    content.querySelectorAll('[data-since]').forEach(function (age) {
      var text = length(at - Number(age.dataset.since));
      var ago = age.dataset.ago;
      text += ago === 'ago' ? ' ago' : ago;
      if (age.textContent !== text) { age.textContent = text; }
    });
    var wall = byId('wall');
    var secs = Math.floor(at / 1000 + Number(wall.dataset.offset)) % 86400;
    wall.textContent = two(Math.floor(secs / 3600)) + ':' + two(Math.floor(secs / 60) % 60) + ':' + two(secs % 60);
  }

  function drawAge() {
    var silent = steady() - lastBeat;
    var stale = silent > 10000;
    var dead = silent > 30000;
    show(byId('live'), seenBeat && !stale);
    byId('live-age').textContent = length(silent);
    show(byId('stale'), stale);
    // Nothing is green without proof: what a stale page knew about readiness counts for nothing.
    show(byId('ready'), ready && !stale);
    show(byId('not-ready'), !ready);
    byId('stale-age').textContent = length(silent);
    body.classList.toggle('dead', dead);
    var wanted = dead ? '✖ ' + body.dataset.cut : title;
    if (document.title !== wanted) { document.title = wanted; }
  }

  function drawTitle() {
    var counts = content.querySelector('.counts');
    if (!counts) { return; }
    var n = Number(counts.dataset.unclaimed);
    var mark = Number(counts.dataset.emergency) > 0 ? '!' : '';
    title = (n > 0 ? '(' + n + mark + ') ' : '') + body.dataset.title;
    drawAge();
  }

  function ids(root) {
    return Array.prototype.map.call(root.querySelectorAll('.row'), function (row) { return row.id; }).join('\n');
  }

  // A form with words in it, an open choice, or a row under the pointer must not move under the hand.
  function isWriting() {
    return Array.prototype.some.call(content.querySelectorAll('textarea, input.text'), function (field) {
      return field.value !== field.defaultValue;
    });
  }
  function isHeld() {
    var active = document.activeElement;
    var inList = active && active !== body && content.contains(active) && active.closest('.row, form');
    var pointed = content.querySelector('.row:hover') && window.matchMedia('(hover: hover)').matches;
    return Boolean(inList || pointed);
  }

  function take(html) {
    var fresh = document.createElement('main');
    fresh.innerHTML = html; // drawn by the station itself, escaped there
    if (isWriting()) { held = html; return; }
    if (isHeld() && ids(fresh) !== ids(content)) {
      held = html;
      var known = ids(content).split('\n');
      var urgent = Array.prototype.some.call(fresh.querySelectorAll('.row'), function (row) {
        return known.indexOf(row.id) < 0 && row.dataset.severity === 'emergency';
      });
      var button = byId('fresh-show');
      button.textContent = urgent ? button.dataset.emergency : button.dataset.plain;
      show(byId('fresh'), true);
      return;
    }
    swap(fresh);
  }

  function swap(fresh) {
    held = null;
    show(byId('fresh'), false);
    var open = Array.prototype.map.call(content.querySelectorAll('details[open]'), function (d) { return d.id; });
    var focused = document.activeElement && content.contains(document.activeElement) ? where(document.activeElement) : null;
    content.innerHTML = fresh.innerHTML;
    open.forEach(function (id) { if (id && byId(id)) { byId(id).open = true; } });
    if (focused) {
      var row = byId(focused.row);
      var again = row && row.querySelector(focused.selector);
      if (again) { again.focus(); }
    }
    drawTitle();
    drawClocks();
  }

  function where(element) {
    var row = element.closest('.row');
    var selector = element.classList.contains('primary') ? '.primary' : element.classList.contains('more') ? '.more' : '.what';
    return row ? { row: row.id, selector: selector } : null;
  }

  function release() {
    if (held !== null && !isHeld() && !isWriting()) { take(held); }
  }

  function refresh() {
    if (!fragment) { return; }
    if (asking) { askAgain = true; return; }
    asking = true;
    var request = new XMLHttpRequest();
    request.open('GET', fragment);
    request.timeout = 8000;
    request.onloadend = function () {
      asking = false;
      if (request.status === 200) {
        take(request.responseText);
        if (!window.EventSource) { beat({ now_ms: null }); }
      }
      if (askAgain) { askAgain = false; refresh(); }
    };
    request.send();
  }

  function beat(data) {
    lastBeat = steady();
    seenBeat = true;
    if (data.now_ms) { serverMinusHere = data.now_ms - steady(); }
    if (data.ready !== undefined) { ready = data.ready; }
    if (data.build && data.build !== body.dataset.build) { show(byId('updated'), true); }
    drawAge();
  }

  function listen() {
    if (!window.EventSource) {
      setInterval(refresh, 5000);
      return;
    }
    source = new EventSource('/events?after=' + encodeURIComponent(lastId));
    source.addEventListener('beat', function (event) { beat(JSON.parse(event.data)); });
    source.addEventListener('changed', function (event) { lastId = event.lastEventId; refresh(); });
    source.addEventListener('reset', function (event) { lastId = event.lastEventId; refresh(); });
    source.onopen = refresh;
    source.onerror = function () {
      if (source.readyState === 2) { setTimeout(listen, 2000); }
    };
  }

  // A stream that hangs without an end is given up and begun anew.
  function watch() {
    drawAge();
    if (source && steady() - lastBeat > 12000 && source.readyState === 1) {
      source.close();
      listen();
    }
  }

  byId('fresh-show').addEventListener('click', function () {
    if (held === null) { return; }
    var fresh = document.createElement('main');
    fresh.innerHTML = held;
    swap(fresh);
    window.scrollTo(0, 0);
  });
  document.addEventListener('submit', function (event) { event.target.classList.add('unsent'); });
  document.addEventListener('mouseout', function () { setTimeout(release, 50); });
  document.addEventListener('focusout', function () { setTimeout(release, 50); });
  document.addEventListener('visibilitychange', function () { if (!document.hidden) { refresh(); } });
  window.addEventListener('pageshow', function (event) { if (event.persisted) { window.location.reload(); } });

  setInterval(drawClocks, 1000);
  setInterval(watch, 1000);
  drawTitle();
  drawClocks();
  listen();
})();

// The live page of the mock broker: asks the control API, and shows what comes. No libraries.
'use strict';

// How many entries are remembered, and how many of them are in the page at once.
const REMEMBERED = 5000;
const SHOWN = 1500;

// How many entries of an older journal are fetched when the page is opened.
const HISTORY = 1000;

// The names are those of the API: a reason that is sent by its name is said in the words of the
// client's version.
const NO_SUCH_CODE = 0x7F;
const PUBACK_CODES = {
  0x80: 'unspecified error', 0x83: 'implementation specific error', 0x87: 'not authorized',
  0x90: 'topic name invalid', 0x91: 'packet identifier in use', 0x97: 'quota exceeded',
  0x99: 'payload format invalid', 0x10: 'no matching subscribers', [NO_SUCH_CODE]: 'a code that does not exist',
};
const DISCONNECT_CODES = {
  0x00: 'normal disconnection', 0x80: 'unspecified error', 0x81: 'malformed packet',
  0x82: 'protocol error', 0x83: 'implementation specific error', 0x87: 'not authorized',
  0x89: 'server busy', 0x8B: 'server shutting down', 0x8D: 'keep alive timeout',
  0x8E: 'session taken over', 0x8F: 'topic filter invalid', 0x90: 'topic name invalid',
  0x93: 'receive maximum exceeded', 0x94: 'topic alias invalid', 0x95: 'packet too large',
  0x96: 'message rate too high', 0x97: 'quota exceeded', 0x98: 'administrative action',
  0x99: 'payload format invalid', 0x9A: 'retain not supported', 0x9B: 'QoS not supported',
  0x9C: 'use another server', 0x9D: 'server moved', 0x9E: 'shared subscriptions not supported',
  0x9F: 'connection rate exceeded', 0xA0: 'maximum connect time',
  0xA1: 'subscription identifiers not supported', 0xA2: 'wildcard subscriptions not supported',
};

const HUES = {
  CONNECT: 'connect', CONNACK: 'connect', PUBLISH: 'publish', PUBACK: 'ack', PUBREC: 'ack',
  PUBREL: 'ack', PUBCOMP: 'ack', SUBSCRIBE: 'subscribe', SUBACK: 'subscribe',
  UNSUBSCRIBE: 'subscribe', UNSUBACK: 'subscribe', DISCONNECT: 'disconnect', AUTH: 'auth',
};

const TEMPLATES = {
  'Refuse a message': {
    name: 'quota',
    on: { packet: 'PUBLISH', topic: 'sensors/#', qos: 1 },
    reply: { packet: 'PUBACK', reason: 'quota-exceeded', properties: { reason_string: 'over quota' } },
    expect: 'any',
  },
  'Refuse to connect': {
    name: 'not authorized', on: { packet: 'CONNECT' },
    reply: { packet: 'CONNACK', reason: 'not-authorized' },
    times: 1, expect: 'any',
  },
  'Refuse a subscription': {
    name: 'no secrets', on: { packet: 'SUBSCRIBE', filter: 'secret/#' },
    reply: { packet: 'SUBACK', reason: 'not-authorized' }, expect: 'any',
  },
  'Answer late': {
    name: 'late', on: { packet: 'PUBLISH' }, drive: { delay_ms: 5000, as_usual: true },
    expect: 'any',
  },
  'Never answer': {
    name: 'silence', on: { packet: 'PINGREQ' }, drive: { hold: true }, expect: 'any',
  },
  'Reset at PUBREL': {
    name: 'lost between', on: { packet: 'PUBREL' }, drive: { close: 'rst' }, times: 1,
    expect: 'any',
  },
};

const $ = (id) => document.getElementById(id);
const hex = (code) => '0x' + code.toString(16).toUpperCase().padStart(2, '0');

function el(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function on(id, act) {
  $(id).addEventListener('click', act);
}

// --- The control API ---

let token = sessionStorage.getItem('token');
if (location.hash.startsWith('#token=')) {
  token = decodeURIComponent(location.hash.slice(7));
  sessionStorage.setItem('token', token);
  history.replaceState(null, '', location.pathname);
}

class Problem extends Error {}

async function ask(method, path, body, signal) {
  const headers = {};
  const used = token;
  if (token) headers.Authorization = 'Bearer ' + token;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const request = { method, headers, signal };
  if (body !== undefined) request.body = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(path, request);
  if (answer.ok) return answer;
  if (answer.status === 401) askForToken(used);
  const problem = await answer.json().catch(() => ({ title: answer.statusText }));
  let text = problem.title;
  if (problem.line) text = `line ${problem.line}, column ${problem.column}: ${text}`;
  if (problem.did_you_mean) text = `${text.replace(/\.$/, '')}, did you mean ${problem.did_you_mean}?`;
  throw new Problem(text);
}

const get = async (path) => (await ask('GET', path)).json();
const post = async (path, body) => ask('POST', path, body);

// Asks, and says so where the token that was used is the one that was given last, and is wrong.
function askForToken(used) {
  if ($('token').open || used !== token) return;
  $('token-problem').textContent = used ? 'This is not the token of the broker.' : '';
  $('token').showModal();
  $('token-text').select();
}

on('use-token', () => {
  const given = $('token-text').value.trim();
  if (!given) {
    $('token-problem').textContent = 'No token was given.';
    return;
  }
  token = given;
  sessionStorage.setItem('token', token);
  $('token').close();
  follow();
});
$('token-text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter') $('use-token').click();
});

// --- Journal: what came, and what of it is shown ---

let entries = [];
let next = 0;
let paused = false;
let waiting = [];
let shownEntries = 0;
let words = [];
let pings = true;
const list = $('journal');
const scroll = $('scroll');

function matches(entry) {
  const type = entry.packet?.type ?? '';
  if (!pings && type.startsWith('PING')) return false;
  if (words.length === 0) return true;
  const text = [
    type, entry.text, entry.client_id, entry.rule, '#' + entry.connection, entry.kind,
  ].join(' ').toLowerCase();
  return words.every((word) => (
    /^#\d+$/.test(word) ? word === '#' + entry.connection : text.includes(word)
  ));
}

function isRefusal(entry) {
  const packet = entry.packet;
  if (entry.malformed) return true;
  if (!packet) return entry.kind === 'reset' || entry.kind === 'dropped';
  return packet.reason_code >= 0x80 || packet.reasons?.some((it) => it.reason_code >= 0x80);
}

function row(entry) {
  const packet = entry.packet;
  const type = packet?.type;
  let pill = el('span', 'pill ' + (HUES[type] ?? ''), type ?? '');
  let text = entry.text;
  if (type) {
    text = text.replace(type, '').trimStart();
  } else if (entry.kind === 'packet') {
    pill = el('span', 'pill wrong', entry.malformed ? 'MALFORMED' : 'BYTES');
    text = text.replace(/^(malformed|bytes) /, '');
  } else {
    pill = el('span', 'pill event', entry.kind);
    text = entry.kind === 'opened' ? entry.transport : text === entry.kind ? '' : text;
  }
  const body = el('span', 'text');
  body.title = text;
  // What was refused catches the eye.
  for (const part of text.split(/(0x[89A-F][0-9A-F](?: [a-zA-Z]+)*)/)) {
    body.append(/^0x[89A-F]/.test(part) ? el('b', '', part) : part);
  }
  const outward = entry.direction === 'to_client';
  const arrow = el('span', 'dir' + (outward ? ' out' : ''), outward ? '←' : '→');
  arrow.title = outward ? 'from the broker' : 'from the client';
  // What is about no connection has 0.
  const number = entry.connection ? '#' + entry.connection : '';
  const connection = el('span', 'conn', el('b', '', number), entry.client_id ?? '');
  connection.title = entry.client_id ?? '';
  const at = el('span', 'at', (entry.at_ms / 1000).toFixed(3));
  at.title = 'seconds since the broker started';
  const button = el('button', '', at, connection, arrow, pill, body);
  button.type = 'button';
  button.setAttribute('aria-expanded', 'false');
  if (entry.rule) {
    const tag = el('span', 'tag', entry.rule);
    tag.title = 'rule ' + entry.rule;
    button.append(tag);
  }
  const item = el('li', isRefusal(entry) ? 'entry bad' : 'entry', button);
  item.entry = entry;
  return item;
}

function fields(entry) {
  const found = [];
  const walk = (value, path) => {
    if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) {
        walk(inner, path ? path + (/^\d+$/.test(key) ? `[${key}]` : '.' + key) : key);
      }
    } else {
      found.push([path, String(value)]);
    }
  };
  if (entry.packet) walk({ ...entry.packet, type: undefined }, '');
  const shown = found.filter(([path]) => path !== 'type').map(([path, value]) => {
    const code = /reason_code$/.test(path) ? Number(value) : NaN;
    return Number.isNaN(code) ? [path, value] : [path, `${code} (${hex(code)})`, code >= 0x80];
  });
  if (entry.malformed) {
    shown.push(['malformed', entry.malformed.error, true]);
    shown.push(['statement', entry.malformed.statement], ['at byte', entry.malformed.offset]);
  }
  if (entry.rule) shown.push(['rule', entry.rule]);
  if (entry.version) shown.push(['version', entry.version]);
  shown.push(['transport', entry.transport]);
  shown.push(['entry', entry.number], ['bytes', entry.length]);
  return shown;
}

function dump(entry) {
  const pre = el('pre', 'dump');
  const width = matchMedia('(max-width: 760px)').matches ? 8 : 16;
  const bytes = (entry.raw ?? '').match(/../g) ?? [];
  const lines = Math.min(Math.ceil(bytes.length / width), 64);
  for (let line = 0; line < lines; line += 1) {
    const part = bytes.slice(line * width, (line + 1) * width);
    const text = part.map((byte) => {
      const code = parseInt(byte, 16);
      return code > 31 && code < 127 ? String.fromCharCode(code) : '·';
    });
    const offset = (line * width).toString(16).padStart(4, '0');
    const room = Math.min(width, bytes.length) * 3;
    pre.append(el('i', '', offset), '  ', part.join(' ').padEnd(room), ' ', el('b', '', text.join('')), '\n');
  }
  const hidden = entry.length - Math.min(lines * width, bytes.length);
  if (hidden > 0) pre.append(el('i', '', `… ${hidden} more bytes`));
  return pre;
}

function toggle(item) {
  const open = item.classList.toggle('open');
  item.firstChild.setAttribute('aria-expanded', String(open));
  if (!open) {
    item.lastChild.remove();
    return;
  }
  const terms = el('dl');
  for (const [name, value, wrong] of fields(item.entry)) {
    terms.append(el('dt', '', name), el('dd', wrong ? 'wrong' : '', String(value)));
  }
  const detail = el('div', 'detail', terms);
  if (item.entry.length > 0) detail.append(dump(item.entry));
  item.append(detail);
}

list.addEventListener('click', (event) => {
  const button = event.target.closest('.entry > button');
  if (button) toggle(button.parentNode);
});

list.addEventListener('keydown', (event) => {
  const item = event.target.closest('.entry');
  const to = {
    ArrowDown: item?.nextElementSibling, ArrowUp: item?.previousElementSibling,
    Home: list.firstElementChild, End: list.lastElementChild,
  }[event.key];
  if (to && event.target === item.firstChild) {
    event.preventDefault();
    to.firstChild.focus();
  }
});

let following = true;
scroll.addEventListener('scroll', () => {
  following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
  $('newest').hidden = following;
}, { passive: true });

function toEnd() {
  scroll.scrollTop = scroll.scrollHeight;
}

on('newest', () => {
  following = true;
  toEnd();
});

function append(more) {
  const fits = more.filter(matches);
  const kept = fits.slice(-SHOWN);
  list.append(...kept.map(row));
  shownEntries += fits.length;
  // An entry that somebody reads stays; the page is bounded all the same.
  while (list.childElementCount > SHOWN) list.firstElementChild.remove();
  const older = shownEntries - list.childElementCount;
  $('older').hidden = older === 0;
  $('older').textContent = `${older} older entries are not shown; the capture file has them`;
  $('no-entries').hidden = entries.length > 0;
  $('no-match').hidden = entries.length === 0 || list.childElementCount > 0;
  if (following) toEnd();
}

function show() {
  list.replaceChildren();
  shownEntries = 0;
  append(entries);
}

let incoming = [];
let scheduled = false;

function take(entry) {
  incoming.push(entry);
  if (scheduled) return;
  scheduled = true;
  // Hidden pages draw nothing, and are caught up with by a timer.
  if (document.hidden) setTimeout(drain, 250);
  else requestAnimationFrame(drain);
}

function drain() {
  scheduled = false;
  const came = incoming;
  incoming = [];
  for (const entry of came) learn(entry);
  if (paused) {
    waiting = waiting.concat(came).slice(-REMEMBERED);
    $('pause-text').textContent = `Resume (${waiting.length})`;
    return;
  }
  entries = entries.concat(came).slice(-REMEMBERED);
  append(came);
}

on('pause', () => {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', String(paused));
  $('pause-text').textContent = paused ? 'Resume' : 'Pause';
  if (!paused) {
    const came = waiting;
    waiting = [];
    entries = entries.concat(came).slice(-REMEMBERED);
    append(came);
  }
});

function clear() {
  entries = [];
  waiting = [];
  show();
}

on('clear', clear);

$('filter').addEventListener('input', () => {
  words = $('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  following = true;
  show();
});

$('pings').addEventListener('change', () => {
  pings = $('pings').checked;
  show();
});

document.addEventListener('keydown', (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.target === $('filter') && event.key === 'Escape') {
    $('filter').value = '';
    $('filter').dispatchEvent(new Event('input'));
    $('filter').blur();
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (event.key === '/') {
    event.preventDefault();
    setTab('journal');
    $('filter').focus();
  } else if (event.key === 'p') {
    $('pause').click();
  }
});

// --- The stream ---

let stream = null;

function setState(state, text) {
  $('state').dataset.state = state;
  $('state-text').textContent = text;
}

async function follow() {
  stream?.abort();
  stream = new AbortController();
  const { signal } = stream;
  let pause = 500;
  while (!signal.aborted) {
    try {
      const health = await get('/health');
      const first = Math.max(0, health.journal_next - HISTORY);
      // A broker that was started again counts from the beginning.
      if (health.journal_next < next || next === 0) {
        clear();
        next = first;
      }
      showUrls(health.urls);
      const answer = await ask('GET', '/journal/stream?since=' + next, undefined, signal);
      setState('live', 'live');
      pause = 500;
      refresh();
      await read(answer.body.getReader());
    } catch (error) {
      if (signal.aborted || $('token').open) return;
    }
    setState('lost', 'not reachable');
    await new Promise((done) => { setTimeout(done, pause); });
    pause = Math.min(pause * 2, 8000);
  }
}

async function read(reader) {
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const events = text.split('\n\n');
    text = events.pop();
    for (const event of events) {
      const data = event.split('\n').filter((line) => line.startsWith('data: '));
      if (data.length === 0 || event.startsWith('event: ')) continue;
      const entry = JSON.parse(data[0].slice(6));
      next = entry.number + 1;
      take(entry);
    }
  }
}

function showUrls(urls) {
  $('urls').replaceChildren(...urls.map((url) => el('code', '', url)));
  const port = /:(\d+)$/.exec(urls.find((url) => url.startsWith('mqtt:')) ?? '');
  if (port) {
    $('hint').textContent = `mosquitto_pub -p ${port[1]} -t hello -m world -q 1 -V mqttv5`;
  }
}

let listening = true;

function showListening(now) {
  listening = now;
  $('listening').textContent = now ? 'Stop listening' : 'Listen again';
  $('urls').dataset.listening = now;
}

// --- Clients and rules ---

const known = new Map();
let refreshing = null;

// What an entry says about clients and rules, which are then looked at again.
function learn(entry) {
  const about = known.get(entry.connection) ?? { packets: 0 };
  about.packets += entry.kind === 'packet' ? 1 : 0;
  known.set(entry.connection, about);
  if (entry.kind === 'closed' || entry.kind === 'reset') known.delete(entry.connection);
  refreshing ??= setTimeout(refresh, 120);
}

async function refresh() {
  clearTimeout(refreshing);
  refreshing = null;
  try {
    const [clients, rules, health] = await Promise.all(
      [get('/clients'), get('/rules'), get('/health')],
    );
    showClients(clients);
    showRules(rules);
    showListening(health.listening);
  } catch {
    // The stream tells of it.
  }
}

function counts(name, number) {
  for (const node of document.querySelectorAll(`[data-count="${name}"]`)) node.textContent = number;
}

// Elements stay where they are as long as what they show does: no jumps, and no lost focus.
function reconcile(parent, items, key, make, update) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let node = old.get(name);
    old.delete(name);
    if (!node) {
      node = make(item);
      node.dataset.key = name;
    }
    update(node, item);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
}

function showClients(clients) {
  counts('clients', clients.length);
  $('no-clients').hidden = clients.length > 0;
  reconcile($('clients'), clients, (it) => it.connection, () => {
    const button = el(
      'button', 'client',
      el('span', 'who', el('span', 'id'), el('span', 'what')),
      el('span', 'go', 'Faults…'),
    );
    button.type = 'button';
    return el('li', '', button);
  }, (node, client) => {
    const named = client.client_id !== undefined;
    const id = node.querySelector('.id');
    id.textContent = named ? client.client_id || '(empty client identifier)' : 'no CONNECT yet';
    id.classList.toggle('none', !client.client_id);
    const about = known.get(client.connection);
    const version = client.version ? `MQTT ${client.version}` : '';
    const packets = about ? `${about.packets} packets` : '';
    node.querySelector('.what').textContent = [
      '#' + client.connection, version, client.transport, packets,
    ].filter(Boolean).join(' · ');
    node.firstChild.onclick = () => openFaults(client);
  });
}

function showRules(rules) {
  counts('rules', rules.length);
  $('no-rules').hidden = rules.length > 0;
  reconcile($('rules'), rules, (it) => it.id, (rule) => {
    const remove = el('button', 'remove', '✕');
    remove.type = 'button';
    remove.setAttribute('aria-label', 'Remove rule ' + rule.title);
    remove.onclick = () => act(async () => {
      await ask('DELETE', '/rules/' + rule.id);
      refresh();
    });
    return el(
      'li', 'rule', el('span', 'title'), el('span', 'given'),
      el('span', 'hits', el('b'), el('span')), remove,
    );
  }, (node, rule) => {
    node.querySelector('.title').textContent = rule.title;
    node.querySelector('.title').title = rule.step ? JSON.stringify(rule.step, null, 1) : rule.title;
    const expected = rule.expected && rule.expected !== 'any number of times';
    node.querySelector('.given').textContent = [
      rule.given === rule.title ? '' : rule.given,
      rule.times ? `up to ${rule.times}×` : '', expected ? `expected ${rule.expected}` : '',
    ].filter(Boolean).join(' · ');
    const hits = node.querySelector('.hits b');
    hits.textContent = rule.hits;
    hits.nextSibling.textContent = rule.hits === 1 ? 'hit' : 'hits';
    hits.classList.toggle('some', rule.hits > 0);
    node.classList.toggle('spent', rule.times !== undefined && rule.hits >= rule.times);
  });
}

// What other programs do to rules makes no entry in the journal.
setInterval(() => { if (!document.hidden) refresh(); }, 3000);

// --- Faults of one client ---

let target = null;

function fill(select, codes, chosen) {
  for (const code of Object.keys(codes).map(Number).sort((a, b) => a - b)) {
    const option = el('option', '', `${hex(code)} ${codes[code]}`);
    option.value = code;
    option.selected = code === chosen;
    select.append(option);
  }
}

fill($('refuse-code'), PUBACK_CODES, 0x87);
fill($('disconnect-code'), DISCONNECT_CODES, 0x98);

function openFaults(client) {
  target = client;
  $('fault-title').textContent = client.client_id || `Connection ${client.connection}`;
  $('fault-sub').textContent = client.version === '3.1.1'
    ? 'It speaks MQTT 3.1.1, in which no message is refused and no server says DISCONNECT: it will find such packets malformed.'
    : 'Each of these happens once.';
  $('fault-problem').textContent = '';
  $('fault').showModal();
}

// A code as the API is told it.
const named = (code, codes) => (code === NO_SUCH_CODE ? code : codes[code]);

async function inject(what, said) {
  await fault(async () => {
    await post(`/connections/${target.connection}/send`, what);
    return said;
  });
}

async function rule(name, match, rest, said) {
  const client = target.client_id ? { client: target.client_id } : { connection: target.connection };
  const step = { name: `${name} (page)`, on: { ...match, ...client }, ...rest, times: 1, expect: 'any' };
  await fault(async () => {
    await post('/rules', step);
    return said;
  });
}

async function fault(run) {
  $('fault-problem').textContent = '';
  try {
    toast(await run());
    $('fault').close();
    refresh();
  } catch (error) {
    $('fault-problem').textContent = error.message;
  }
}

on('refuse', () => {
  const qos = Number($('refuse-qos').value);
  const code = Number($('refuse-code').value);
  const reason = named(code, PUBACK_CODES);
  const packet = qos === 2 ? 'PUBREC' : 'PUBACK';
  rule(`refuse ${hex(code)}`, { packet: 'PUBLISH', qos }, { reply: { packet, reason } },
    `Its next QoS ${qos} message is answered ${packet} ${hex(code)}`);
});
// A message of QoS 0 is acknowledged by nobody, and must not use the rule up.
const acknowledged = () => ({ packet: 'PUBLISH', qos: Number($('refuse-qos').value) });
on('drop-ack', () => rule('no answer', acknowledged(), { drive: { hold: true } },
  `Its next QoS ${acknowledged().qos} message is lost`));
on('late-ack', () => rule('late', acknowledged(), { drive: { delay_ms: 5000, as_usual: true } },
  `Its next QoS ${acknowledged().qos} message is answered 5 s late`));
on('reset-publish', () => rule('reset', { packet: 'PUBLISH' }, { drive: { close: 'rst' } },
  'Its next message is answered by a reset'));
on('drop-ping', () => rule('no PINGRESP', { packet: 'PINGREQ' }, { drive: { hold: true } },
  'Its next PINGREQ is not answered'));
on('refuse-subscribe', () => rule('refuse SUBSCRIBE', { packet: 'SUBSCRIBE' },
  { reply: { packet: 'SUBACK', reason: 'not authorized' } }, 'Its next SUBSCRIBE is refused: not authorized'));
on('refuse-connect', () => rule('refuse CONNECT', { packet: 'CONNECT' },
  { reply: { packet: 'CONNACK', reason: 'server unavailable' } }, 'Its next CONNECT is refused: server unavailable'));
on('lose-session', () => rule('session lost', { packet: 'CONNECT' },
  { drive: { forget_session: true, as_usual: true } }, 'Its session is lost when it connects again'));
on('disconnect', () => {
  const code = Number($('disconnect-code').value);
  const reason = named(code, DISCONNECT_CODES);
  inject({ reply: { packet: 'DISCONNECT', reason } }, `DISCONNECT ${hex(code)} was sent`);
});
on('rst', () => inject({ close: 'rst' }, 'The connection was reset'));
on('fin', () => inject({ close: 'fin' }, 'The connection was closed'));
on('garbage', () => inject({ send_hex: 'FF FF FF FF FF' }, 'Five bytes of 0xFF were sent'));

// --- Rules by hand ---

for (const [name, step] of Object.entries(TEMPLATES)) {
  const button = el('button', '', name);
  button.type = 'button';
  button.onclick = () => {
    $('rule-text').value = JSON.stringify(step, null, 2);
    $('rule-problem').textContent = '';
  };
  $('templates').append(button);
}

on('new-rule', () => {
  if (!$('rule-text').value) $('templates').firstChild.click();
  $('rule-problem').textContent = '';
  $('rule').showModal();
  $('rule-text').focus();
  $('rule-text').setSelectionRange(0, 0);
});

on('add-rule', async () => {
  $('rule-problem').textContent = '';
  try {
    const added = await (await post('/rules', $('rule-text').value)).json();
    $('rule').close();
    toast(`Rule ${added.title} is in force`);
    refresh();
  } catch (error) {
    $('rule-problem').textContent = error.message;
  }
});

$('rule-text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) $('add-rule').click();
});

// --- All of it ---

on('verify', () => act(async () => {
  const verification = await (await post('/verify')).json();
  if (verification.met) {
    toast('All that was expected has come to pass');
    return;
  }
  $('report-title').textContent = 'Not all that was expected has come to pass';
  $('report-text').textContent = verification.text;
  $('report').showModal();
}));

on('capture', () => act(async () => {
  const file = await (await ask('GET', '/journal.pcapng')).blob();
  const link = el('a');
  link.href = URL.createObjectURL(file);
  link.download = 'mock-broker.pcapng';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}));

on('listening', () => act(async () => {
  await ask('PUT', '/listening', { listening: !listening });
  toast(listening ? 'Who connects is refused' : 'Clients can connect again');
  refresh();
}));

on('reset', () => $('sure').showModal());
on('do-reset', () => act(async () => {
  $('sure').close();
  await post('/reset');
  clear();
  toast('The broker is as new');
  refresh();
}));

async function act(run) {
  try {
    await run();
  } catch (error) {
    toast(error.message, true);
  }
}

function toast(text, bad = false) {
  const node = el('p', bad ? 'bad' : '', text);
  $('toasts').append(node);
  while ($('toasts').childElementCount > 3) $('toasts').firstChild.remove();
  setTimeout(() => node.remove(), bad ? 8000 : 3500);
}

for (const button of document.querySelectorAll('[data-close]')) {
  button.addEventListener('click', () => button.closest('dialog').close());
}

// A click beside a dialog closes it.
for (const dialog of document.querySelectorAll('dialog:not(#token)')) {
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
}

function setTab(name) {
  document.body.dataset.tab = name;
  for (const button of document.querySelectorAll('.tabs button')) {
    button.setAttribute('aria-pressed', String(button.dataset.to === name));
  }
  if (name === 'journal' && following) toEnd();
}

for (const button of document.querySelectorAll('.tabs button')) {
  button.addEventListener('click', () => setTab(button.dataset.to));
}

follow();

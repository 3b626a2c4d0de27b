// Playing, pausing, stepping and rewinding. What is shown is the beginning of one branch, up to `position`; the server is asked
// for tokens that are not there yet, and what it sends belongs to the branch that was on show when it was asked.
const find = (name) => element.querySelector(`.${name}`);
const AFTER_A_HALT = 200; // milliseconds: a cancelled request must have gone before the next one starts

let prompt = null; // what the next text continues: { run, text, ids, limit, end }
let tree = null; // of tree.prompt, which may be an older one
let current = null; // the branch on show
let position = 0;
let playing = null; // { target, pace }
let job = null; // { id, branch, from, read, begun }: what the server has been asked for
let jobs = 0;
let waiting; // until the next token of a slow pace, or until a halt is over
let haltedAt = -Infinity;
let pinned = null; // the place whose alternatives are held on show
let hovered = null;
let colours = 'own';
let chipsShown = [];

const say = (sentence, { refused = false, aloud = true } = {}) => {
  find('told').setAttribute('aria-live', aloud ? 'polite' : 'off');
  put(find('told'), refused ? `⚠ ${sentence}` : sentence);
  find('told').classList.toggle('refused', refused);
};

const settingsNow = () => JSON.parse(document.documentElement.dataset.sampling || 'null');
const inOrder = (settings) => JSON.stringify(['temperature', 'top_k', 'top_p', 'min_p', 'repetition_penalty', 'seed'].map((name) => settings[name]));
const changed = () => Boolean(tree && prompt && tree.run !== prompt.run);
const written = () => (current && !changed() ? current.tokens.slice(0, position) : []);

// The controls.
function control(name, parent, act) {
  const button = node('button', name, words[`button_${name}`]);
  button.type = 'button';
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') !== 'true') act();
  });
  find(parent).append(button);
  return button;
}

const buttons = {
  start: control('start', 'transport', () => rewind(0)),
  back: control('back', 'transport', () => rewind(position - 1)),
  play: control('play', 'transport', () => onceRead(playing ? pause : play)),
  step: control('step', 'transport', () => onceRead(step)),
  carry: control('carry', 'transport', carry),
};

function labelled(text, field) {
  const label = node('label', '');
  label.append(...(field.type === 'checkbox' || field.type === 'radio' ? [field, text] : [text, field]));
  return label;
}

const amount = Object.assign(node('input', 'amount'), { type: 'number', min: 1, max: limits.most_tokens, step: 1, value: limits.start_tokens });
const pace = node('select', 'pace');
pace.append(...[0, 4, 1].map((rate) => Object.assign(node('option', '', words[`pace_${rate}`]), { value: rate })));
const stop = Object.assign(node('input', 'stop'), { type: 'checkbox', checked: true });
find('asked').append(labelled(words.amount, amount), labelled(words.pace, pace), labelled(words.stop, stop));
amount.addEventListener('input', () => {
  if (current && position >= current.tokens.length) current.target = position;
});

const names = ['own', 'drawn', 'rank'];
find('colours').append(
  ...names.map((name) => {
    const choice = Object.assign(node('input', ''), { type: 'radio', name: `${element.id}-colours`, checked: name === colours });
    choice.addEventListener('change', () => {
      colours = name;
      find('legend').replaceChildren(...legendFor(colours));
      chipsShown.forEach((token, place) => paint(chipIn(find('chips'), place), token, colours));
      showComparison();
    });
    return labelled(words[`by_${name}`], choice);
  }),
);
put(find('colours').querySelector('legend'), words.colours);
put(find('why').querySelector('summary'), words.why);
put(find('why').querySelector('p'), words.because);
find('chips').setAttribute('aria-label', words.list);
find('transport').setAttribute('aria-label', words.transport);
['token', '', 'drawn', 'own', 'rank'].forEach((name) => find('heads').append(node('span', '', name && words[`head_${name}`])));
find('legend').append(...legendFor(colours));

// Moving.
let early = null; // what was clicked before the sentence had been read

function onceRead(act) {
  if (prompt) act();
  else {
    early = act;
    say(words.waiting);
  }
}

function rewind(to) {
  halt();
  position = Math.max(0, to);
  pinned = null;
  const kept = current ? current.tokens.length - position : 0;
  say(kept ? filled(words.rewound, { n: counted(kept) }) : '');
  draw();
}

function play() {
  const n = Number(amount.value);
  const good = amount.value.trim() !== '' && Number.isInteger(n) && n >= 1 && n <= limits.most_tokens;
  const here = changed() || !current ? 0 : position;
  const aim = !changed() && current && current.target > here ? current.target : here + n;
  if (!good) ask(amount.value.trim() === '' ? null : n); // the server says what is wrong with it
  else if (here >= limits.most_tokens) say(filled(words.full, limits));
  else go({ target: Math.min(aim, limits.most_tokens), pace: Number(pace.value) });
}

function step() {
  if (playing?.single) {
    playing.target = Math.min(playing.target + 1, limits.most_tokens); // clicked again before the last one came
    return;
  }
  halt();
  const here = changed() || !current ? 0 : position;
  if (here >= limits.most_tokens) say(filled(words.full, limits));
  else go({ target: here + 1, pace: 0, single: true });
}

function go(how) {
  playing = how;
  pinned = hovered = null;
  if (current && !changed()) current.target = Math.max(current.target, how.single ? 0 : how.target);
  say(changed() || !how.single ? words.waiting : '');
  goOn();
}

const ended = () => stop.checked && position > 0 && current.tokens[position - 1].id === tree.end;

// Shows what is kept as far as it was drawn with the settings of the moment, and asks for the rest.
function goOn() {
  clearTimeout(waiting);
  if (!playing) return;
  const fresh = !current || changed();
  const upTo = playing.pace ? (fresh ? 0 : position) + 1 : playing.target;
  if (!fresh) {
    const settings = inOrder(settingsNow());
    const same = (token) => token.forced || token.settings === settings;
    if (ended() && position === current.tokens.length) return finish(filled(words.has_ended, { n: counted(position) }));
    while (position < upTo && position < current.tokens.length && same(current.tokens[position])) {
      position += 1;
      if (ended()) return finish(filled(words.ended, { n: counted(position), share: percent(current.tokens[position - 1].probability) }));
    }
    if (position >= upTo) return arrivedThere();
    if (position < current.tokens.length && tree.branches.length >= limits.most_branches) return finish(filled(words.too_many, limits), true);
  }
  draw();
  ask(upTo - (fresh ? 0 : position));
}

function arrivedThere(branched = '') {
  if (position >= playing.target) {
    finish(playing.single ? '' : position >= limits.most_tokens ? filled(words.full, limits) : filled(words.there, { n: counted(position) }));
    return;
  }
  say(branched || filled(words.writing, { n: counted(position), target: playing.target }), { aloud: branched !== '' });
  draw();
  waiting = setTimeout(goOn, playing.pace ? 1000 / playing.pace : 0);
}

function finish(sentence, refused = false) {
  playing = null;
  if (current && ended()) current.target = position;
  clearTimeout(waiting);
  say(sentence, { refused });
  draw();
}

function halt() {
  clearTimeout(waiting);
  if (job) {
    job = null;
    haltedAt = performance.now();
    trigger('halt');
  }
  playing = null;
}

function pause() {
  halt();
  say(filled(words.paused, { n: counted(position) }));
  draw();
}

// Asking for n tokens after what is shown.
function ask(n) {
  const left = haltedAt + AFTER_A_HALT - performance.now();
  if (left > 0) {
    waiting = setTimeout(() => ask(n), left);
    return;
  }
  jobs += 1;
  const path = written().map(({ id }) => id);
  job = { id: jobs, branch: null, from: path.length, read: 0, count: 0 };
  props.value = { request: { job: jobs, run: prompt.run, path, n, stop: stop.checked, settings: settingsNow() } };
  trigger('write');
}

// The branch that the first token of a job goes to.
function branchForJob() {
  const target = playing ? playing.target : job.from + 1;
  if (!tree || tree.run !== prompt.run) {
    tree = { ...newTree(prompt.run), text: prompt.text, ids: prompt.ids, end: prompt.end };
    current = addBranch(tree, null, 0, target);
    compared.fill(null);
    position = 0;
  } else if (!current) current = addBranch(tree, null, 0, target);
  else if (job.from < current.tokens.length) {
    current = addBranch(tree, current, job.from, target);
    job.parted = true;
  }
  return current;
}

function take({ lines, settings: packed, state, said, seconds }) {
  const settings = packed && JSON.stringify(JSON.parse(packed)); // 1.0 is 1 here
  const fresh = lines.slice(job.read).split('\n').filter(Boolean).map(JSON.parse);
  job.read = lines.length;
  job.count += fresh.length;
  if (fresh.length && !job.branch) job.branch = branchForJob();
  for (const [id, found] of fresh) {
    const others = found.map(([otherId, text, bytes, tint, probability, own, rank]) => ({ id: otherId, text, bytes, tint, probability, own, rank }));
    job.branch.tokens.push({ ...others.find((other) => other.id === id), others, settings });
  }
  if (job.branch) position = job.branch.tokens.length;
  if (state === 'writing') {
    if (!playing.single && !playing.pace) say(filled(words.writing, { n: counted(position), target: playing.target }), { aloud: false });
    return;
  }
  const { parted, count } = job;
  const branched = parted ? filled(words.parted, { name: current.id, parent: current.parent, n: current.from }) : '';
  job = null;
  if (state === 'refused' || state === 'late') finish(said, state === 'refused');
  else if (state === 'ended') finish(filled(words.ended, { n: counted(position), share: percent(current.tokens[position - 1].probability) }));
  else if (position < playing.target) arrivedThere(branched);
  else {
    const done = playing.single || playing.pace ? '' : filled(words.done, { n: counted(position), fresh: count, seconds: seconds.toFixed(seconds < 1 ? 2 : 1) });
    finish([done, branched].filter(Boolean).join(' '));
  }
}

// Branches.
function force(place, other) {
  halt();
  if (changed()) return say(words.old_text, { refused: true });
  const known = branchWith(tree, current.tokens, place, other.id);
  if (!known && tree.branches.length >= limits.most_branches) return say(filled(words.too_many, limits), { refused: true });
  const aim = Math.max(current.tokens.length, current.target, place + 1);
  const { others, settings } = current.tokens[place];
  const from = current;
  pinned = null;
  position = place + 1;
  if (known) current = known;
  else {
    current = addBranch(tree, current, place, aim);
    current.tokens.push({ ...other, others, settings, forced: true });
  }
  draw();
  if (known) say(filled(words.known, { name: known.id }));
  else if (stop.checked && other.id === tree.end) finish(words.forced_end);
  else if (aim > position) go({ target: aim, pace: Number(pace.value) });
  else say(filled(words.forced, { name: current.id, parent: from.id }));
  chipIn(find('chips'), place)?.focus({ preventScroll: true });
}

function choose(branch) {
  halt();
  current = branch;
  position = branch.tokens.length;
  pinned = null;
  say(filled(words.shown, { name: branch.id }));
  draw();
}

function discard(branch) {
  halt();
  const next = removeBranch(tree, branch.id);
  if (branch === current) {
    current = next || tree.branches[0] || null;
    position = current ? current.tokens.length : 0;
  }
  if (!current) tree = null;
  say(filled(words.removed_branch, { name: branch.id }));
  draw();
}

function carry() {
  halt();
  const kept = current.tokens.slice(0, position).filter(({ id }) => id !== tree.end); // typed, it would be letters
  const data = Uint8Array.from(kept.flatMap((token) => token.bytes.split(' ').filter(Boolean).map((byte) => parseInt(byte, 16))));
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(data).replaceAll('\ufffd', ''); // parts of characters are no text
  props.value = { carry: tree.text + text };
  trigger('carry');
}

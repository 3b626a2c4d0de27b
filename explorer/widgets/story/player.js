// Playing, pausing, stepping, rewinding and branching. What is shown is the beginning of one branch, up to `position`; the server is
// asked for tokens that are not there yet, and what it sends belongs to the branch that was on show when it was asked.
import { filled } from '../shared/dom.js';
import { percent } from '../shared/numbers.js';
import { addBranch, branchWith, newTree, removeBranch } from './branches.js';
import { counted, packedSettings, temperatureOf } from './sentences.js';

const AFTER_A_HALT_MS = 200; // a cancelled request must have gone before the next one starts

export const settingsNow = () => JSON.parse(document.documentElement.dataset.sampling || 'null');

// Whether the text on show continues another sentence than the one that is asked for now.
export const isOld = ({ tree, prompt }) => Boolean(tree && prompt && tree.run !== prompt.run);

// state: see story.js. wanted(): { amount (as typed), pace (tokens a second, 0 for as fast as they come), stop }.
// view: { say, draw, focusChip, forgetComparison }. send: { write(request), halt(), carry(text) }.
export function player({ state, words, limits, wanted, view, send }) {
  const { say, draw } = view;
  let jobs = 0;
  let waiting; // until the next token of a slow pace, or until a halt is over
  let haltedAt = -Infinity;
  let early = null; // what was clicked before the sentence had been read

  const inTokens = (n) => counted(n, words);
  const place = () => (isOld(state) || !state.current ? 0 : state.position);
  const hasEnded = () => wanted().stop && state.position > 0 && state.current.tokens[state.position - 1].id === state.tree.end;
  const saysEnded = () => filled(words.ended, { n: inTokens(state.position), share: percent(state.current.tokens[state.position - 1].probability) });

  function onceRead(act) {
    if (state.prompt) act();
    else {
      early = act;
      say(words.waiting);
    }
  }

  function rewind(to) {
    halt();
    state.position = Math.max(0, to);
    state.pinned = null;
    const kept = state.current ? state.current.tokens.length - state.position : 0;
    say(kept ? filled(words.rewound, { n: inTokens(kept) }) : '');
    draw();
  }

  // Greedy takes the likeliest token at every place: what was drawn otherwise, and forced nowhere, is no beginning of its text.
  const startsOver = () => {
    if (isOld(state) || !state.current || settingsNow()?.temperature !== 0) return false;
    const shown = state.current.tokens.slice(0, state.position);
    return shown.some(({ settings }) => temperatureOf(settings) !== 0) && !shown.some(({ forced }) => forced);
  };

  function startOver() {
    state.position = 0;
    state.over = true;
  }

  function play() {
    halt();
    if (startsOver()) startOver();
    const { amount, pace } = wanted();
    const n = Number(amount);
    const good = amount !== '' && Number.isInteger(n) && n >= 1 && n <= limits.most_tokens;
    const here = place();
    const aim = !isOld(state) && state.current && state.current.target > here ? state.current.target : here + n;
    if (!good) ask(amount === '' ? null : n); // the server says what is wrong with it
    else if (here >= limits.most_tokens) say(filled(words.full, limits));
    else go({ target: Math.min(aim, limits.most_tokens), pace });
  }

  function step() {
    if (state.playing?.single) {
      state.playing.target = Math.min(state.playing.target + 1, limits.most_tokens); // clicked again before the last one came
      return;
    }
    halt();
    if (startsOver()) startOver();
    if (place() >= limits.most_tokens) say(filled(words.full, limits));
    else go({ target: place() + 1, pace: 0, single: true });
  }

  function go(how) {
    state.playing = how;
    state.pinned = state.hovered = null;
    if (state.current && !isOld(state)) state.current.target = Math.max(state.current.target, how.single ? 0 : how.target);
    say(isOld(state) || !how.single ? words.waiting : '');
    goOn();
  }

  // Shows what is kept as far as it was drawn with the settings of the moment, and asks for the rest.
  function goOn() {
    clearTimeout(waiting);
    const { playing, tree, current } = state;
    if (!playing) return;
    const upTo = playing.pace ? place() + 1 : playing.target;
    if (current && !isOld(state)) {
      const settings = packedSettings(settingsNow());
      const same = (token) => token.forced || token.settings === settings;
      const n = current.tokens.length;
      if (hasEnded() && state.position === n) return finish(filled(words.has_ended, { n: inTokens(state.position) }));
      while (state.position < upTo && state.position < n && same(current.tokens[state.position])) {
        state.position += 1;
        if (hasEnded()) return finish(saysEnded());
      }
      if (state.position >= upTo) return arrived();
      if (state.position < n && tree.branches.length >= limits.most_branches) return finish(filled(words.too_many, limits), true);
    }
    draw();
    return ask(upTo - place());
  }

  function arrived(branched = '') {
    const { playing, position } = state;
    if (position >= playing.target) {
      finish(playing.single ? '' : position >= limits.most_tokens ? filled(words.full, limits) : filled(words.there, { n: inTokens(position) }));
      return;
    }
    say(branched || filled(words.writing, { n: inTokens(position), target: playing.target }), { aloud: branched !== '' });
    draw();
    waiting = setTimeout(goOn, playing.pace ? 1000 / playing.pace : 0);
  }

  function finish(sentence, refused = false) {
    state.playing = null;
    if (state.current && hasEnded()) state.current.target = state.position;
    clearTimeout(waiting);
    say(sentence, { refused });
    draw();
  }

  function halt() {
    clearTimeout(waiting);
    if (state.job) {
      state.job = null;
      haltedAt = performance.now();
      send.halt();
    }
    state.playing = null;
  }

  function pause() {
    halt();
    say(filled(words.paused, { n: inTokens(state.position) }));
    draw();
  }

  // Asking for n tokens after what is shown.
  function ask(n) {
    const left = haltedAt + AFTER_A_HALT_MS - performance.now();
    if (left > 0) {
      waiting = setTimeout(() => ask(n), left);
      return;
    }
    jobs += 1;
    const written = state.current && !isOld(state) ? state.current.tokens.slice(0, state.position) : [];
    const path = written.map(({ id }) => id);
    state.job = { id: jobs, branch: null, from: path.length, read: 0, count: 0 };
    send.write({ job: jobs, run: state.prompt.run, path, n, stop: wanted().stop, settings: settingsNow() });
  }

  // The branch that the first token of a job goes to.
  function branchForJob() {
    const { prompt, playing, job } = state;
    const target = playing ? playing.target : job.from + 1;
    if (!state.tree || isOld(state)) {
      state.tree = { ...newTree(prompt.run), text: prompt.text, ids: prompt.ids, limit: prompt.limit, end: prompt.end };
      state.current = addBranch(state.tree, null, 0, target);
      state.position = 0;
      view.forgetComparison();
    } else if (!state.current) state.current = addBranch(state.tree, null, 0, target);
    else if (job.from < state.current.tokens.length) {
      state.current = addBranch(state.tree, state.current, job.from, target);
      job.parted = true;
    }
    return state.current;
  }

  // An answer of the server's (`piece` in __init__.py) to the job of the moment.
  function take({ lines, settings: packed, state: stage, said, seconds }) {
    const { job } = state;
    const settings = packed && JSON.stringify(JSON.parse(packed)); // 1.0 is 1 here
    const fresh = lines.slice(job.read).split('\n').filter(Boolean).map((line) => JSON.parse(line));
    job.read = lines.length;
    job.count += fresh.length;
    if (fresh.length && !job.branch) job.branch = branchForJob();
    for (const [id, found] of fresh) {
      const others = found.map(([otherId, text, bytes, tint, probability, own, rank]) => ({ id: otherId, text, bytes, tint, probability, own, rank }));
      job.branch.tokens.push({ ...others.find((other) => other.id === id), others, settings });
    }
    if (job.branch) state.position = job.branch.tokens.length;
    const { playing, current, position } = state;
    if (stage === 'writing') {
      if (!playing.single && !playing.pace) say(filled(words.writing, { n: inTokens(position), target: playing.target }), { aloud: false });
      return;
    }
    const branched = job.parted ? filled(state.over ? words.greedy : words.parted, { name: current.id, parent: current.parent, n: current.from }) : '';
    state.over = false;
    state.job = null;
    if (stage === 'refused' || stage === 'late') finish(said, stage === 'refused');
    else if (stage === 'ended') finish(saysEnded());
    else if (position < playing.target) arrived(branched);
    else {
      const values = { n: inTokens(position), fresh: job.count, seconds: seconds.toFixed(seconds < 1 ? 2 : 1) };
      finish([playing.single || playing.pace ? '' : filled(words.done, values), branched].filter(Boolean).join(' '));
    }
  }

  // Another token than the one at `at`: the branch that has it, or a new one.
  function force(at, other) {
    halt();
    const { tree, current } = state;
    if (isOld(state)) return say(words.old_text, { refused: true });
    const known = branchWith(tree, current.tokens, at, other.id);
    if (!known && tree.branches.length >= limits.most_branches) return say(filled(words.too_many, limits), { refused: true });
    const aim = Math.max(current.tokens.length, current.target, at + 1);
    const { others, settings } = current.tokens[at];
    state.pinned = null;
    state.position = at + 1;
    state.current = known || addBranch(tree, current, at, aim);
    if (!known) state.current.tokens.push({ ...other, others, settings, forced: true });
    draw();
    if (known) say(filled(words.known, { name: known.id }));
    else if (wanted().stop && other.id === tree.end) finish(words.forced_end);
    else if (aim > state.position) go({ target: aim, pace: wanted().pace });
    else say(filled(words.forced, { name: state.current.id, parent: current.id }));
    return view.focusChip(at);
  }

  function show(branch) {
    halt();
    Object.assign(state, { current: branch, position: branch.tokens.length, pinned: null });
    say(filled(words.shown, { name: branch.id }));
    draw();
  }

  function discard(branch) {
    halt();
    const next = removeBranch(state.tree, branch.id);
    if (branch === state.current) {
      state.current = next || state.tree.branches[0] || null;
      state.position = state.current ? state.current.tokens.length : 0;
    }
    if (!state.current) state.tree = null;
    say(filled(words.removed_branch, { name: branch.id }));
    draw();
  }

  function carry() {
    halt();
    const { tree, current, position } = state;
    const kept = current.tokens.slice(0, position).filter(({ id }) => id !== tree.end); // typed, it would be letters
    const data = Uint8Array.from(kept.flatMap((token) => token.bytes.split(' ').filter(Boolean).map((byte) => parseInt(byte, 16))));
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(data).replaceAll('\ufffd', ''); // parts of characters are no text
    send.carry(tree.text + text);
  }

  // A sentence has been read that the next text continues.
  function begin(prompt) {
    const before = state.prompt?.run;
    state.prompt = prompt;
    if (state.playing && before !== prompt.run) {
      halt();
      say(words.interrupted);
    }
    if (isOld(state)) state.pinned = state.hovered = null;
    draw();
    const act = early;
    early = null;
    if (act) act();
  }

  return { onceRead, rewind, play, step, pause, take, force, show, discard, carry, begin };
}

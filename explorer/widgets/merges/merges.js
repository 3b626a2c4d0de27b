import { chip } from '../shared/chips.js';
import { asPicture, attributed, filled, finder, follow, node, put, tell } from '../shared/dom.js';
import { linked } from '../shared/linked.js';
import { clamped, grouped } from '../shared/numbers.js';
import { handles, player } from '../shared/player.js';
import { candidatesOf, forestOf, mergesOf, neighboursOf, partsAfter } from './history.js';
import { bricks, SIZES } from './tree.js';

const LISTED = 8; // pairs that a person looks through
const STEP_MS = 1600;
const SHORTEST_MS = 60; // a piece of hundreds of merges is played in about a minute
const WHOLE_MS = 60_000;

export default function mount({ element, props, watch, words, rules, name }) {
  const find = finder(element);
  const cuts = find('cuts'), forestBox = find('forest'), slider = element.querySelector('input'), picture = element.querySelector('svg');
  slider.setAttribute('aria-label', words.slider); // before anything is drawn as well
  let came; // as it came
  let shown = null; // { cuts, piece_of, histories, which }
  let token = 0;
  let forest = null;
  let step = 0;
  let wanted = -1; // what a link asks for; -1: the end
  let room = { width: 0, em: 16, from: 0 }; // of the forest, as it was laid out last: asked at a pick, it would make the browser lay out the page

  const pieceNumber = () => shown.piece_of[clamped(token, 0, shown.piece_of.length - 1)];
  const history = () => shown.histories[shown.which[pieceNumber()]];
  const last = () => forest?.steps ?? 0;

  // The rule, on the text.
  const layCuts = () => {
    const firsts = new Map();
    shown.piece_of.forEach((piece, place) => firsts.has(piece) || firsts.set(piece, place));
    cuts.replaceChildren(...shown.cuts.flatMap(([text, rule], piece) => {
      const made = attributed(node('bdi', `piece ${rule}`, text), { title: ruleWords(rule) });
      made.addEventListener('click', () => tell('page-wish', { token: firsts.get(piece) }));
      return [made, document.createElement('wbr')]; // lines may end between pieces
    }));
    const counts = new Map();
    for (const [, rule] of shown.cuts) counts.set(rule, (counts.get(rule) ?? 0) + 1);
    const known = Object.entries(rules).map(([rule, pattern]) => ruleFor(rule, pattern, counts.get(rule) ?? 0));
    find('rules').replaceChildren(...(counts.has('entry') ? [node('li', '', words.rule_entry)] : known));
  };
  const ruleWords = (rule) => words[`rule_${rule}`];
  const ruleFor = (rule, pattern, n) => {
    const made = node('li', n ? `rule ${rule}` : `rule ${rule} none`, node('span', 'name', ruleWords(rule)), node('code', '', pattern), node('span', 'times', n ? filled(words.times, { n }) : words.not_here));
    made.dataset.rule = rule;
    return made;
  };

  const drawTree = () => {
    if (!forest || !room.width) return;
    const { width, em } = room;
    const { kinds, ranks } = history();
    const row = partsAfter(forest, step);
    const neighbours = neighboursOf(forest, row, ranks);
    const height = forest.levels * SIZES.row * em + SIZES.top * em + SIZES.brick * em + 6;
    find('wide').style.width = `${forest.n * SIZES.column * em}px`;
    attributed(picture, { width, height, viewBox: `0 0 ${width} ${height}` });
    const beside = Math.max(0, (width - forest.n * SIZES.column * em) / 2); // a short piece stands in the middle
    picture.replaceChildren(...bricks({ forest, kinds, row, neighbours, step, next: forest.meets[step], from: room.from - beside, width: width + beside, em }));
    return neighbours;
  };

  const listPairs = (neighbours) => {
    const { kinds } = history();
    const all = candidatesOf(neighbours);
    const known = all.filter(({ rank }) => rank !== null), never = all.filter(({ rank }) => rank === null);
    const listed = [...known, ...never].slice(0, LISTED);
    put(find('pairs-title'), all.length ? filled(words.pairs, { n: grouped(all.length), known: grouped(known.length) }) : words.no_pairs);
    element.querySelector('.pairs ol').replaceChildren(...listed.map(({ left, right, rank, times }, place) => {
      const first = place === 0 && rank !== null;
      const told = rank === null ? words.never : filled(words.ranked, { rank: grouped(rank) });
      const parts = [chip(kinds[left], 'part'), ' + ', chip(kinds[right], 'part')];
      return node('li', first ? 'winner' : rank === null ? 'never' : '', node('span', 'pair', ...parts), node('span', 'rank', told), times > 1 ? node('span', 'times', filled(words.times, { n: grouped(times) })) : '', first ? node('span', 'wins', words.wins) : '');
    }));
    put(find('left-out'), all.length > LISTED ? filled(words.more_pairs, { n: grouped(all.length - LISTED) }) : '');
  };

  const sayNow = () => {
    const { kinds, end } = history();
    if (step === last()) return put(find('now'), end);
    const part = forest.parts[forest.n + step];
    const named = { left: kinds[forest.parts[part.left].kind].text, right: kinds[forest.parts[part.right].kind].text };
    const { text, id } = kinds[part.kind];
    return put(find('now'), filled(words.next_merge, { number: grouped(step + 1), all: grouped(last()), ...named, made: text, rank: id ?? '–' }));
  };

  const draw = () => {
    if (!shown) return;
    const neighbours = drawTree();
    attributed(slider, { max: last(), 'aria-valuetext': filled(words.place, { step: grouped(step), all: grouped(last()) }) });
    slider.value = step;
    put(find('place'), filled(words.place, { step: grouped(step), all: grouped(last()) }));
    put(find('play'), run.isPlaying() ? words.pause : words.play);
    attributed(find('back'), { 'aria-disabled': String(step === 0) });
    attributed(find('next'), { 'aria-disabled': String(step === last()) });
    sayNow();
    asPicture(forestBox, filled(words.tree, { now: find('now').textContent }));
    if (neighbours) listPairs(neighbours);
  };

  const show = (wish, follows = false) => {
    step = clamped(wish, 0, last());
    if (follows && step < last()) bringIntoSight(forest.meets[step]);
    draw();
  };
  const go = (wish) => {
    show(wish, true);
    wanted = step === last() ? -1 : step;
    remember(wanted);
  };
  const bringIntoSight = (place) => {
    const at = place * SIZES.column * room.em;
    if (at > room.from + 60 && at < room.from + room.width - 60) return;
    forestBox.scrollLeft = at - room.width / 2;
    room.from = forestBox.scrollLeft;
  };

  const run = player(element, {
    at: () => step,
    last,
    go,
    every: () => clamped(WHOLE_MS / Math.max(1, last()), SHORTEST_MS, STEP_MS),
    isSeen: () => room.width > 0,
    changed: () => draw(),
  });

  // Another token: its piece; the same piece keeps its step.
  let drawn = -1;
  const turn = (now) => {
    token = now;
    if (!shown) return;
    const piece = pieceNumber();
    if (piece === drawn) return;
    const before = drawn;
    drawn = piece;
    [...cuts.querySelectorAll('.piece')].forEach((one, place) => one.classList.toggle('picked', place === piece));
    for (const one of find('rules').children) one.classList.toggle('picked', one.dataset.rule === shown.cuts[piece][1]);
    if (before >= 0 && shown.which[before] === shown.which[piece]) return;
    if (run.isPlaying()) run.pause();
    forest = forestOf(history().history);
    if (room.from) forestBox.scrollLeft = room.from = 0;
    show(wanted < 0 ? last() : wanted);
    forestBox.dispatchEvent(new CustomEvent('figure-drawn', { bubbles: true }));
  };
  for (const type of ['cursor-turned', 'cursor-moved']) follow(element, type, ({ detail }) => turn(detail.token));

  const remember = linked(element, name, -1, (asked) => {
    wanted = Number.isInteger(asked) ? asked : -1;
    if (forest) show(wanted < 0 ? last() : wanted);
  });

  handles({ play: find('play'), back: find('back'), next: find('next'), slider }, run, { play: words.play, back: words.back, next: words.next, slider: words.slider });
  put(find('rule-title'), words.rule);
  let frame = 0;
  forestBox.addEventListener('scroll', () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      room.from = forestBox.scrollLeft;
      drawTree();
    });
  });
  const measure = () => {
    const now = { width: forestBox.clientWidth, em: parseFloat(getComputedStyle(forestBox).fontSize), from: forestBox.scrollLeft };
    if (now.width === room.width && now.em === room.em) return;
    room = now;
    draw();
  };
  const sizes = new ResizeObserver(measure);
  for (const one of [forestBox, find('now')]) sizes.observe(one); // the line grows with the page's text

  forestBox.figureTable = () => {
    const { kinds, history: one } = shown ? history() : { kinds: [] };
    const rows = one ? mergesOf(one) : [];
    return {
      columns: words.table_head.split(', '),
      rows: rows.map(({ step: number, at, left, right, made }) => [number, at, kinds[left].text, kinds[right].text, kinds[made].text, kinds[made].id]),
    };
  };

  const take = () => {
    const value = props.value?.told;
    if (!value || value === came) return;
    came = value;
    shown = JSON.parse(value);
    layCuts();
    drawn = -1;
    tell('cursor-asked');
    turn(token);
  };
  watch('value', take);
  take();
}

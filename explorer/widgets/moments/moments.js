import { attributed, filled, finder, follow, put, tell } from '../shared/dom.js';
import { grouped } from '../shared/numbers.js';
import { handles, player } from '../shared/player.js';

const PLAY_MS = 400; // a moment, so that the eye can follow

export default function mount({ element, props, trigger, watch, words }) {
  const inside = finder(element);
  const find = (name) => inside(`moments-${name}`);
  const [line, range, play] = [inside('moments'), find('range'), find('play')];
  let moments = { steps: [], names: [], at: 0 };
  let wished = null; // the place that was chosen and has not come back from the server

  const told = (at) => filled(words.now, { step: grouped(moments.steps[at]), last: grouped(moments.steps.at(-1)) });

  const show = (at) => {
    range.value = at;
    put(find('now'), told(at));
    attributed(range, { 'aria-valuetext': told(at) });
  };

  const choose = (at) => {
    wished = at;
    show(at);
    props.value = { ...props.value, model: moments.names[at] };
    tell('moment-chosen', { model: moments.names[at] });
    trigger('input');
  };

  const run = player(element, {
    at: () => Number(range.value),
    last: () => moments.names.length - 1,
    go: (at) => choose(at),
    every: () => PLAY_MS,
    isSeen: () => !line.hidden,
    changed: () => sayPlaying(),
  });
  const sayPlaying = () => {
    const word = run.isPlaying() ? words.rest : words.play;
    attributed(play, { 'aria-label': word, title: word });
    put(play, run.isPlaying() ? '⏸' : '▶');
  };

  const draw = () => {
    const { steps = [], names = [], at = 0 } = props.value || {};
    if (String(names) !== String(moments.names)) wished = null;
    moments = { steps, names, at };
    line.hidden = names.length < 2;
    if (line.hidden) return;
    range.max = names.length - 1;
    if (wished !== null && wished !== at) return; // an answer to an earlier choice
    wished = null;
    show(at);
  };

  attributed(range, { 'aria-label': words.label });
  sayPlaying();
  handles({ play, slider: range }, run);
  follow(element, 'sentence-typed', ({ detail }) => {
    if (detail.model && !moments.names.includes(detail.model)) run.pause();
  });
  watch('value', draw);
  draw();
}

import { attributed, filled, finder, follow, put, tell } from '../shared/dom.js';
import { grouped } from '../shared/numbers.js';

const PLAY_MS = 400; // a moment, so that the eye can follow

export default function mount({ element, props, trigger, watch, words }) {
  const inside = finder(element);
  const find = (name) => inside(`moments-${name}`);
  const [line, range, play] = [inside('moments'), find('range'), find('play')];
  let moments = { steps: [], names: [], at: 0 };
  let wished = null; // the place that was chosen and has not come back from the server
  let playing = null;

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

  const rest = () => {
    clearInterval(playing);
    playing = null;
    attributed(play, { 'aria-label': words.play, title: words.play });
    put(play, '▶');
  };

  const start = () => {
    const last = moments.names.length - 1;
    if (Number(range.value) === last) choose(0);
    playing = setInterval(() => {
      const next = Number(range.value) + 1;
      if (next > last || line.hidden || !element.isConnected) rest();
      else choose(next);
    }, PLAY_MS);
    attributed(play, { 'aria-label': words.rest, title: words.rest });
    put(play, '⏸');
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
  rest();
  range.addEventListener('input', () => {
    rest();
    choose(Number(range.value));
  });
  play.addEventListener('click', () => (playing ? rest() : start()));
  follow(element, 'sentence-typed', ({ detail }) => {
    if (detail.model && !moments.names.includes(detail.model)) rest();
  });
  watch('value', draw);
  draw();
}

// A listbox of steps with Back, Play and Next before it.
import { attributed, node, put } from '../shared/dom.js';
import { listKeys, select } from '../shared/keys.js';
import { linked } from '../shared/linked.js';
import { clamped } from '../shared/numbers.js';
import { handles, player } from '../shared/player.js';

const STEP_MS = 3500; // a sentence is read in it

export default function mount({ element, props, trigger, watch, names, words, name }) {
  const find = (part) => element.querySelector(`.steps-${part}`);
  const list = find('list');
  const at = () => clamped(Number(props.value?.step) || 0, 0, names.length - 1);
  const options = names.map((text, step) => {
    const option = attributed(node('li', '', node('span', 'steps-number', String(step + 1)), text), { role: 'option' });
    option.addEventListener('click', () => {
      run.pause();
      go(step);
    });
    return option;
  });
  list.replaceChildren(...options);
  attributed(list, { 'aria-label': words.label, title: words.keys });

  const draw = () => {
    select(options, at());
    put(find('play'), run.isPlaying() ? words.pause : words.play);
    attributed(find('back'), { 'aria-disabled': String(at() === 0) });
    attributed(find('next'), { 'aria-disabled': String(at() === names.length - 1) });
  };

  const go = (step, byKeys = false) => {
    if (step !== at()) {
      props.value = { ...props.value, step };
      told(step + 1);
      trigger('input');
    }
    draw();
    const { offsetLeft, offsetWidth } = options[step];
    list.scrollLeft = Math.max(Math.min(list.scrollLeft, offsetLeft - list.offsetLeft), offsetLeft - list.offsetLeft + offsetWidth - list.clientWidth);
    if (byKeys) options[step].focus({ preventScroll: true });
  };

  const run = player(element, { at, last: () => names.length - 1, go, every: () => STEP_MS, isSeen: () => list.clientWidth > 0, changed: () => draw() });

  const told = linked(element, name, 1, (value) => go(clamped(Number(value) - 1 || 0, 0, names.length - 1)));
  handles({ play: find('play'), back: find('back'), next: find('next') }, run, { play: words.play, back: words.back, next: words.next });
  listKeys(list, {
    at,
    count: () => names.length,
    go: (step) => {
      run.pause();
      go(step, true);
    },
  });
  list.addEventListener('keydown', (event) => {
    if (event.key !== ' ') return;
    event.preventDefault();
    run.toggle();
  });
  let key = null; // what another view has put beside the step
  watch('value', () => {
    draw();
    if ((props.value?.key ?? null) === key) return;
    key = props.value?.key ?? null;
    trigger('input');
  });
  draw();
}

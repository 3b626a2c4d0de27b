// Every panel of the page shows one set of settings, under gpt2core's names: { temperature, top_k, top_p, min_p, repetition_penalty, seed }.
import { attributed, button, finder, follow, node, tell } from '../shared/dom.js';

const page = document.documentElement;

const number = (text) => (text.trim() === '' ? null : Number(text));

const input = (type, label, { min, max, step, help = '' }) =>
  attributed(Object.assign(node('input'), { type, min, max, step, title: help }), { 'aria-label': label });

// Those of `settings` that are not as usual, as a link holds them; null for the others.
const unusual = (settings, usual) =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, value === usual[name] ? null : value]));

const show = (control, value) => {
  if (control !== document.activeElement || control.type === 'range') control.value = value === null ? '' : value;
};

export default function mount({ element, props, trigger, words, sliders, presets, start }) {
  const find = finder(element);
  const current = () => JSON.parse(page.dataset.sampling);

  // The one way in which settings change; `mine`: a person did it, here.
  const change = (changed, mine) => {
    const settings = { ...current(), ...changed };
    page.dataset.sampling = JSON.stringify(settings);
    tell('sampling-settings', settings);
    tell('link-setting', unusual(settings, start));
    if (mine) trigger('input');
  };

  const controls = Object.entries(sliders).map(([name, { label, info, number: short, range }]) => {
    const [min, max, step] = range;
    const slider = input('range', label, { min, max, step, help: info });
    const box = input('number', short, { min, step: 'any', help: info });
    slider.addEventListener('input', () => change({ [name]: Number(slider.value) }, true));
    box.addEventListener('input', () => change({ [name]: number(box.value) }, true));
    const head = node('span', 'head', node('span', 'label', label), node('span', 'short', short), box);
    find('controls').append(node('div', 'control', head, slider, node('span', 'info', info)));
    return { name, slider, box };
  });

  const choices = presets.map(({ label, settings }) => ({ settings, choice: button('preset', label, () => change(settings, true)) }));
  find('presets').setAttribute('aria-label', words.presets);
  find('presets').append(node('span', 'label', words.presets), ...choices.map(({ choice }) => choice));

  const seed = input('number', words.seed, { min: 0, step: 1, help: words.seed_info });
  seed.addEventListener('input', () => change({ seed: number(seed.value) }, true));
  const reroll = button('preset', words.shared_reroll, () => change({ seed: crypto.getRandomValues(new Uint32Array(1))[0] }, true));
  find('luck').append(node('span', 'label', words.seed), seed, reroll, node('span', 'info', words.seed_info));

  const display = () => {
    const settings = current();
    for (const { name, slider, box } of controls) {
      show(slider, settings[name]);
      show(box, settings[name]);
    }
    show(seed, settings.seed);
    for (const { choice, settings: preset } of choices) {
      choice.setAttribute('aria-pressed', String(Object.keys(preset).every((name) => preset[name] === settings[name])));
    }
    props.value = settings;
  };

  if (!page.dataset.sampling) page.dataset.sampling = JSON.stringify(start);
  follow(element, 'link-restored', ({ detail }) => {
    const mine = Object.keys(start).filter((name) => name in detail && detail[name] !== current()[name]);
    if (mine.length) change(Object.fromEntries(mine.map((name) => [name, detail[name]])), false);
  });
  follow(element, 'sampling-settings', display);
  // A figure asks for another setting: the panel that can be seen grants it.
  follow(element, 'sampling-wish', ({ detail }) => {
    if (element.offsetParent) change(detail, true);
  });
  display();
  tell('settings-asked'); // what a link brought before this panel was here
}

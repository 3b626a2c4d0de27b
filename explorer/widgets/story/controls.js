// The buttons that play, what they play with, and the choice of colours. Built once.
import { button, node, put } from '../shared/dom.js';
import { linked } from '../shared/linked.js';

const PACES = [0, 4, 1]; // tokens a second; 0 is as fast as they come

function labelled(text, field) {
  const after = field.type === 'checkbox' || field.type === 'radio';
  return node('label', '', ...(after ? [field, text] : [text, field]));
}

// act: what each button does, by its name. Returns the buttons by name.
export function transport({ find, words, act }) {
  const buttons = {};
  for (const name of ['start', 'back', 'play', 'step', 'carry']) {
    buttons[name] = button(name, words[`button_${name}`], () => {
      if (buttons[name].getAttribute('aria-disabled') !== 'true') act[name]();
    });
  }
  find('transport').append(...Object.values(buttons));
  find('transport').setAttribute('aria-label', words.transport);
  return buttons;
}

// Returns a function that reads what is asked for: { amount, pace, stop }.
export function request({ element, find, words, limits, onAmount }) {
  const amount = Object.assign(node('input', 'amount'), { type: 'number', min: 1, max: limits.most_tokens, step: 1, value: limits.start_tokens });
  const pace = node('select', 'pace', ...PACES.map((rate) => Object.assign(node('option', '', words[`pace_${rate}`]), { value: rate })));
  const stop = Object.assign(node('input', 'stop'), { type: 'checkbox', checked: true });
  find('asked').append(labelled(words.shared_n_tokens, amount), labelled(words.pace, pace), labelled(words.stop, stop));
  const tellAmount = linked(element, 'story_tokens', limits.start_tokens, (n) => { amount.value = n; });
  const tellStop = linked(element, 'story_stop', true, (on) => { stop.checked = on; });
  amount.addEventListener('input', () => {
    tellAmount(Number(amount.value));
    onAmount();
  });
  stop.addEventListener('change', () => tellStop(stop.checked));
  return () => ({ amount: amount.value.trim(), pace: Number(pace.value), stop: stop.checked });
}

export function colourChoice({ element, find, words, group, chosen, choose }) {
  put(find('colours').querySelector('legend'), words.colours);
  const named = { own: words.by_own, drawn: words.by_drawn, rank: words.shared_rank };
  const choices = Object.entries(named).map(([name, said]) => {
    const choice = Object.assign(node('input'), { type: 'radio', name: group, checked: name === chosen });
    choice.value = name;
    choice.addEventListener('change', () => {
      choose(name);
      tellColours(name);
    });
    return labelled(said, choice);
  });
  find('colours').append(...choices);
  const tellColours = linked(element, 'story_colours', chosen, (name) => {
    find('colours').querySelector(`[value=${name}]`).checked = true;
    choose(name);
  });
}

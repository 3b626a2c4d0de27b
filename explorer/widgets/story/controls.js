// The buttons that play, what they play with, and the choice of colours. Built once.
import { button, node, put } from '../shared/dom.js';

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
export function request({ find, words, limits, onAmount }) {
  const amount = Object.assign(node('input', 'amount'), { type: 'number', min: 1, max: limits.most_tokens, step: 1, value: limits.start_tokens });
  const pace = node('select', 'pace', ...PACES.map((rate) => Object.assign(node('option', '', words[`pace_${rate}`]), { value: rate })));
  const stop = Object.assign(node('input', 'stop'), { type: 'checkbox', checked: true });
  find('asked').append(labelled(words.shared_n_tokens, amount), labelled(words.pace, pace), labelled(words.stop, stop));
  amount.addEventListener('input', onAmount);
  return () => ({ amount: amount.value.trim(), pace: Number(pace.value), stop: stop.checked });
}

export function colourChoice({ find, words, group, chosen, choose }) {
  put(find('colours').querySelector('legend'), words.colours);
  const named = { own: words.by_own, drawn: words.by_drawn, rank: words.shared_rank };
  const choices = Object.entries(named).map(([name, said]) => {
    const choice = Object.assign(node('input'), { type: 'radio', name: group, checked: name === chosen });
    choice.addEventListener('change', () => choose(name));
    return labelled(said, choice);
  });
  find('colours').append(...choices);
}

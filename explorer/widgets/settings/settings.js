// Every panel of the page shows one set of settings. `names` are gpt2core's; in the browser they are spelled as sampling.js has them.
const names = { temperature: 'temperature', top_k: 'topK', top_p: 'topP', min_p: 'minP', repetition_penalty: 'penalty', seed: 'seed' };
const page = document.documentElement;
const find = (name) => element.querySelector(`.${name}`);
const number = (text) => (text.trim() === '' ? null : Number(text));

const node = (tag, className, text = '') => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
};

const input = (type, label, { min, max, step, help = '' }) => {
  const made = document.createElement('input');
  Object.assign(made, { type, min, max, step, title: help });
  made.setAttribute('aria-label', label);
  return made;
};

// What a link says, as far as it is numbers.
function linked() {
  const query = new URLSearchParams(location.search);
  const given = Object.keys(names).map((name) => [name, number(query.get(name) || '')]);
  return Object.fromEntries(given.filter(([, value]) => Number.isFinite(value)));
}

const current = () => JSON.parse(page.dataset.sampling);

// The one way in which settings change; `mine`: a person did it, here.
function put(changed, mine) {
  const settings = { ...current(), ...changed };
  page.dataset.sampling = JSON.stringify(settings);
  document.dispatchEvent(new CustomEvent('sampling-settings', { detail: inBrowser(settings) }));
  if (mine) trigger('input');
}

const inBrowser = (settings) => Object.fromEntries(Object.entries(names).map(([name, spelled]) => [spelled, settings[name]]));

const controls = Object.entries(sliders).map(([name, { label, info, number: short, range }]) => {
  const [min, max, step] = range;
  const slider = input('range', label, { min, max, step, help: info });
  const box = input('number', short, { min, step: 'any', help: info });
  slider.addEventListener('input', () => put({ [name]: Number(slider.value) }, true));
  box.addEventListener('input', () => put({ [name]: number(box.value) }, true));
  const row = node('div', 'control');
  const head = node('span', 'head');
  head.append(node('span', 'label', label), node('span', 'short', short), box);
  row.append(head, slider, node('span', 'info', info));
  find('controls').append(row);
  return { name, slider, box };
});

const buttons = presets.map(({ label, settings }) => {
  const button = node('button', 'preset', label);
  button.type = 'button';
  button.addEventListener('click', () => put(settings, true));
  find('presets').append(button);
  return { button, settings };
});
find('presets').setAttribute('aria-label', words.presets);
find('presets').prepend(node('span', 'label', words.presets));

const seed = input('number', words.seed, { min: 0, step: 1, help: words.seed_info });
seed.addEventListener('input', () => put({ seed: number(seed.value) }, true));
const reroll = node('button', 'preset', words.new_seed);
reroll.type = 'button';
reroll.addEventListener('click', () => put({ seed: crypto.getRandomValues(new Uint32Array(1))[0] }, true));
find('luck').append(node('span', 'label', words.seed), seed, reroll, node('span', 'info', words.seed_info));

const show = (control, value) => {
  if (control !== document.activeElement || control.type === 'range') control.value = value === null ? '' : value;
};

let writing;
function follow() {
  if (!element.isConnected) {
    document.removeEventListener('sampling-settings', follow);
    return;
  }
  const settings = current();
  for (const { name, slider, box } of controls) {
    show(slider, settings[name]);
    show(box, settings[name]);
  }
  show(seed, settings.seed);
  for (const { button, settings: preset } of buttons) {
    button.setAttribute('aria-pressed', String(Object.keys(preset).every((name) => preset[name] === settings[name])));
  }
  props.value = settings;
  clearTimeout(writing);
  writing = setTimeout(() => writeLink(settings), 200); // browsers refuse many changes of address a second
}

// Beside what the cursor writes there: settings that are not the usual ones.
function writeLink(settings) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(settings)) {
    if (value === start[name] || value === null) query.delete(name);
    else query.set(name, value);
  }
  if (query.toString() === new URLSearchParams(location.search).toString()) return;
  history.replaceState(history.state, '', `?${query}${location.hash}`);
  if (window.parent !== window) window.parent.postMessage({ queryString: query.toString() }, 'https://huggingface.co');
}

if (!page.dataset.sampling) page.dataset.sampling = JSON.stringify({ ...start, ...linked() });
// A figure asks for another setting: the panel that can be seen grants it.
const grant = ({ detail }) => {
  if (!element.isConnected) document.removeEventListener('sampling-wish', grant);
  else if (element.offsetParent) put(detail, true);
};
document.addEventListener('sampling-settings', follow);
document.addEventListener('sampling-wish', grant);
follow();

// The line above the mosaic: by what its heads are ordered, and from which score on they are shown. The scores are asked for once an
// order is chosen.
import { attributed, button, filled, follow, node, put, tell } from '../shared/dom.js';
import { linked } from '../shared/linked.js';
import { fixed } from '../shared/numbers.js';
import { asInModel, inRows, ranked } from './roles.js';

const ROLES = ['previous', 'first', 'same', 'induction', 'spread', 'distance'];
const STEPS = 100; // of the slider

// act: { changed(), best(place) }, the latter when a person has chosen an order. Returns what the mosaic asks of it.
export function ordering(element, { words, exchange, shares }, act) {
  const find = (name) => element.querySelector(`.heads-${name}`);
  let role = '', least = 0; // least: of STEPS
  let scores = null; // { run, here, reference }
  let text = null; // the run on screen
  let wantsBest = false;

  const isHere = () => scores !== null && scores.run === text;
  const isOn = () => role !== '' && isHere() && everyOne().length > 0;
  const everyOne = () => ranked(scores.here[role]);
  const top = () => everyOne()[0].score;
  const scale = () => (shares.includes(role) ? 1 : top());
  const bound = () => (least === 0 ? -Infinity : (least / STEPS) * scale());
  const written = (score) => (score === null || score === undefined ? words.no_score : fixed(score, 2));

  // Asked for once there is something on screen to ask it of; what else is read then is answered anew by itself.
  const ask = () => role !== '' && text !== null && tell(`${exchange}-asked`, { roles: true });

  const choose = (wanted, mine = true) => {
    role = ROLES.includes(wanted) ? wanted : '';
    if (mine) {
      keep.role(role);
      turn(0);
      wantsBest = role !== '';
    }
    ask();
    show();
    act.changed();
    if (wantsBest && isOn()) takeBest();
  };
  const takeBest = () => {
    wantsBest = false;
    act.best(everyOne()[0]);
  };
  const turn = (wanted, mine = true) => {
    least = wanted;
    slider.value = least;
    if (mine) keep.least(least);
  };

  const chips = ['', ...ROLES].map((name) => [name, button('heads-role', name ? words[`role_${name}`] : words.as_model, () => choose(name))]);
  const slider = attributed(node('input'), { type: 'range', min: 0, max: STEPS, value: 0 });
  const output = node('output');
  slider.addEventListener('input', () => {
    turn(Number(slider.value));
    show();
    act.changed();
  });
  attributed(find('order'), { 'aria-label': words.find }).append(...chips.map(([, chip]) => chip));
  find('least').append(words.least, slider, output);

  const show = () => {
    for (const [name, chip] of chips) chip.setAttribute('aria-pressed', String(name === role));
    const on = isOn();
    find('least').hidden = !on;
    if (on) put(output, written(least === 0 ? 0 : bound()));
    put(find('about'), role === '' ? '' : `${words[`about_${role}`]} ${isHere() ? result() : ''}`);
    find('about').title = words.reference;
  };
  const result = () => {
    if (!everyOne().length) {
      const [there] = ranked(scores.reference[role]);
      return there ? filled(words.nothing, { layer: there.layer, head: there.head, score: written(there.score) }) : words.nothing_at_all;
    }
    const [{ layer, head, score }] = everyOne();
    if (top() < bound()) return filled(words.none_left, { score: written(bound()) });
    return filled(words.best, { layer, head, score: written(score), reference: written(scores.reference[role][layer][head]) });
  };

  follow(element, `${exchange}-came`, ({ detail }) => {
    if (!detail.here) return;
    scores = detail;
    show();
    act.changed();
    if (wantsBest && isOn()) takeBest();
  });

  let keep = { role: () => {}, least: () => {} };

  return {
    isOn,
    // What a link brought is taken over once the mosaic can be drawn.
    begin() {
      keep = {
        role: linked(element, 'heads_by', '', (value) => choose(value, false)),
        least: linked(element, 'heads_least', 0, (value) => {
          turn(Number(value), false);
          show();
          act.changed();
        }),
      };
      show();
    },
    of({ run }) {
      if (run === text) return;
      text = run;
      ask();
      show();
    },
    rows({ layers, heads }) {
      return isOn() ? inRows(ranked(scores.here[role], bound()), heads) : asInModel(layers, heads);
    },
    caption({ layer, head, score }) {
      return score === undefined ? [] : [node('span', 'head-name', `${layer}.${head}`), node('span', 'head-score', written(score))];
    },
    named(cell, { layer, head, score }) {
      return score === undefined ? cell : filled(words.scored, { cell, role: words[`role_${role}`], score: written(score), reference: written(scores.reference[role][layer][head]) });
    },
  };
}

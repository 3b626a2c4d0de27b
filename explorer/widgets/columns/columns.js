// A column is a listbox with one tab stop; pointing at a token, or moving to it with the arrows, tells how likely it was.
import { tintOf } from '../shared/chips.js';
import { attributed, filled, node } from '../shared/dom.js';
import { listKeys, select } from '../shared/keys.js';
import { clamped, percent } from '../shared/numbers.js';

const PROMPT_SHOWN = 60; // characters of the sentence before the chips

// Its last words; its last characters where those are one long word.
const endOf = (prompt) => prompt.slice(-PROMPT_SHOWN).replace(/^\S*\s+(?=\S)/, '');

const chipFor = ([, text, tint, probability], told) => {
  const chip = attributed(node('span', 'chip', node('bdi', '', text)), { role: 'option', tabindex: -1, title: told });
  chip.style.background = tintOf(tint);
  chip.style.setProperty('--share', probability);
  if (text.includes('↵')) chip.append(node('wbr'));
  return chip;
};

class Written {
  constructor(words) {
    this.words = words;
    this.title = node('h4', 'title');
    this.prompt = node('bdi', 'prompt');
    this.chips = node('span', 'chips');
    this.text = node('div', 'text', this.prompt, this.chips);
    attributed(this.chips, { role: 'listbox', 'aria-orientation': 'horizontal' });
    this.detail = node('p', 'detail');
    this.detail.setAttribute('role', 'status');
    this.box = node('section', 'column', this.title, this.text, this.detail);
    this.tokens = [];
    this.current = 0;
    this.listen();
  }

  show(prompt, { title, tokens, parting }) {
    this.title.textContent = title;
    this.chips.setAttribute('aria-label', title);
    this.prompt.textContent = prompt.length > PROMPT_SHOWN ? `… ${endOf(prompt)}` : prompt;
    const same = tokens.length >= this.tokens.length && this.tokens.every((token, i) => token[0] === tokens[i][0] && token[3] === tokens[i][3]);
    const atEnd = this.text.scrollHeight - this.text.scrollTop - this.text.clientHeight < 40; // follow unless the person scrolled back
    if (!same) {
      this.chips.replaceChildren();
      this.detail.textContent = '';
    }
    this.chips.append(...tokens.slice(same ? this.tokens.length : 0).map((token) => chipFor(token, this.told(token))));
    const options = [...this.chips.children];
    options.forEach((chip, place) => {
      if (place === parting) chip.dataset.mark = this.words.parting;
      else delete chip.dataset.mark;
    });
    if (atEnd) this.text.scrollTop = this.text.scrollHeight;
    this.tokens = tokens;
    if (options.length && !options.some(({ tabIndex }) => tabIndex === 0)) options[0].tabIndex = 0;
  }

  mark(index) {
    const options = [...this.chips.children];
    if (!options.length) return;
    this.current = clamped(index, 0, options.length - 1);
    select(options, this.current);
    this.detail.textContent = this.told(this.tokens[this.current]);
  }

  listen() {
    const placeOf = (target) => [...this.chips.children].indexOf(target.closest('.chip'));
    this.chips.addEventListener('click', (event) => {
      const place = placeOf(event.target);
      if (place >= 0) this.mark(place);
    });
    this.chips.addEventListener('pointerover', (event) => {
      const place = placeOf(event.target);
      if (place >= 0) this.detail.textContent = this.told(this.tokens[place]);
    });
    this.chips.addEventListener('focusin', (event) => this.mark(placeOf(event.target)));
    listKeys(this.chips, {
      at: () => this.current,
      count: () => this.tokens.length,
      go: (place) => {
        this.mark(place);
        this.chips.children[this.current].focus();
      },
    });
  }

  told([id, text, , probability, rank]) {
    return filled(this.words.chip, { token: text, id, share: percent(probability), rank });
  }
}

export default function mount({ element, props, watch, words }) {
  const frame = element.querySelector('.columns');
  const columns = [];

  const draw = () => {
    const { prompt = '', columns: packed = '[]' } = props.value || {};
    const given = JSON.parse(packed);
    while (columns.length > given.length) columns.pop().box.remove();
    while (columns.length < given.length) {
      columns.push(new Written(words));
      frame.append(columns[columns.length - 1].box);
    }
    given.forEach((column, place) => columns[place].show(prompt, column));
  };

  watch('value', draw);
  draw();
}

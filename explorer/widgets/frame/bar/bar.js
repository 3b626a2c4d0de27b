// The head of a figure: what it is, what it says, and what can be done with it.
import { attributed, button, filled, finder, follow, put } from '../../shared/dom.js';
import { offer, offerText } from '../../shared/saving.js';
import { enlarging } from './enlarge.js';
import { tableOnDemand } from './rows.js';

const SCALE = 2; // pixels of a PNG for one on the page

export default function bar({ element, props, trigger, watch, words, name, from_server: fromServer }) {
  const find = finder(element);
  const root = element.closest('.figure-frame');
  const body = root.querySelector('.figure-body');
  const told = (sentence) => put(find('told'), sentence);
  const rows = tableOnDemand({ root, body, props, trigger, words, name, told, fromServer });

  const tool = (text, info, act) => {
    const made = attributed(button('tool', text, () => act(made)), { title: info });
    find('tools').append(made);
    return made;
  };
  const large = enlarging(root, body, (on) => {
    put(enlarge, on ? words.smaller : words.enlarge);
    enlarge.setAttribute('aria-pressed', String(on));
    enlarge.focus({ preventScroll: true });
  });
  const enlarge = tool(words.enlarge, words.enlarge_info, large.toggle);
  enlarge.setAttribute('aria-pressed', 'false');

  const saving = (save) => async (pressed) => {
    pressed.setAttribute('aria-busy', 'true');
    told('');
    try {
      await save(await globalThis.framePicture.pictureOf(body, described()));
    } catch (error) {
      console.error(error);
      told(words.no_picture);
    }
    pressed.removeAttribute('aria-busy');
  };
  tool('PNG', words.png_info, saving(async (picture) => offer(`${name}.png`, await globalThis.framePicture.pngOf(picture, SCALE))));
  tool('SVG', words.svg_info, saving(({ svg }) => offerText(`${name}.svg`, 'image/svg+xml', svg)));
  tool('CSV', words.csv_info, rows.save);
  attributed(tool(words.table, words.table_info, rows.toggle), { 'aria-expanded': 'false' });

  function described() {
    const { title = '', summary = '' } = props.value || {};
    const marked = element.closest('[data-stale]') || body.querySelector('[data-stale]');
    return { title, summary, stale: marked ? filled(words.stale, { why: marked.dataset.stale }) : '' };
  }

  // Whether the two lines hold the summary is known only where it is laid out. Of many figures at once: what is as it was is not
  // written again, or each would have the page laid out anew for the next.
  let height = 0;
  const measure = () => {
    const { summary, more, words: line } = { summary: find('summary'), more: find('more'), words: find('words') };
    if (!summary.clientHeight) return;
    const fits = line.classList.contains('whole') ? more.hidden : summary.scrollHeight <= summary.clientHeight + 2;
    const now = element.offsetHeight + 4;
    if (more.hidden !== fits) more.hidden = fits;
    if (height !== now) root.style.setProperty('--bar-height', `${(height = now)}px`);
  };
  const sizes = new ResizeObserver(measure);
  const measureOnceLaidOut = () => {
    sizes.unobserve(element);
    sizes.observe(element);
  };
  find('more').addEventListener('click', () => {
    const whole = find('words').classList.toggle('whole');
    find('more').setAttribute('aria-expanded', String(whole));
    put(find('more'), whole ? words.shared_less : words.shared_more);
    measure();
  });

  const draw = () => {
    const { title = '', summary = '' } = props.value || {};
    put(find('title'), title);
    put(find('summary'), summary);
    find('tools').setAttribute('aria-label', `${words.tools}: ${title}`);
    measureOnceLaidOut();
    rows.redrawn();
  };

  const id = (part) => `${root.id}-${part}`;
  find('title').id = id('title');
  find('summary').id = id('summary');
  attributed(root, { role: 'figure', 'aria-labelledby': id('title'), 'aria-describedby': id('summary') });
  put(find('more'), words.shared_more);
  follow(element, 'resize', large.fit, window);
  watch('value', draw);
  draw();
}

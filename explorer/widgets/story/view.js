// The text and all that stands around it, drawn from the state that the player changes.
import { attributed, filled, node, put, tell } from '../shared/dom.js';
import { listKeys } from '../shared/keys.js';
import { percent } from '../shared/numbers.js';
import { chipIn, legendFor, paint, showChips } from './chips.js';
import { comparisonView } from './comparison.js';
import { originsOf } from './origins.js';
import { outlineView } from './outline.js';
import { panelView } from './panel.js';
import { isOld } from './player.js';
import { repeatedFrom } from './repeats.js';
import { counted } from './sentences.js';

const PROMPT_SHOWN = 80, OLD_TEXT_SHOWN = 60; // characters
const NEAR_THE_END = 40; // pixels

// act: what a person can ask for: { force(place, token), show(branch), discard(branch) }. buttons: of transport().
// Returns { draw, say, colourBy, focusChip, forgetComparison }.
export function storyView({ find, words, limits, state, act, buttons }) {
  const chips = find('chips');
  let chipsShown = [];
  let echoes = []; // for each chip, which token it repeats, or null
  let shownStop = null; // the chips that hold the tab stop and the outline
  let shownChip = null;

  const focusChip = (place) => chipIn(chips, place)?.focus({ preventScroll: true });
  const comparison = comparisonView({ find, words, state });
  const outline = outlineView({ find, words, limits, state, act });
  const panel = panelView({
    find,
    words,
    act: { leave: focusChip, choose: (place, other, isThere) => (isThere ? say(words.is_there) : act.force(place, other)), askOrigin },
  });

  function say(sentence, { refused = false, aloud = true } = {}) {
    attributed(find('told'), { 'aria-live': aloud ? 'polite' : 'off' });
    put(find('told'), refused ? `⚠ ${sentence}` : sentence);
    find('told').classList.toggle('refused', refused);
  }

  // which: 'own' or 'drawn'; from: the element that asks. A text of an older sentence is none that the page can read now.
  function askOrigin(place, id, which, from) {
    if (isOld(state)) say(words.old_text, { refused: true });
    else tell('number-asked', { ...originsOf(state.tree, state.current.tokens, place, id)[which], from });
  }

  function draw() {
    const { tree, prompt, current, position, job, playing } = state;
    const tokens = current ? current.tokens.slice(0, position) : [];
    const box = find('text');
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_THE_END; // follow the text unless the person scrolled back
    put(find('empty'), tree ? '' : words.empty);
    const { text = '' } = tree || prompt || {};
    box.hidden = !text;
    put(find('prompt'), text.length > PROMPT_SHOWN ? `… ${text.slice(-PROMPT_SHOWN)}` : text);
    chipsShown = showChips(chips, chipsShown, tokens, state.colours);
    const ahead = current ? current.tokens.length - position : 0;
    put(find('ahead'), ahead > 0 ? filled(words.ahead, { n: ahead }) : '');
    if (atEnd) box.scrollTop = box.scrollHeight;
    drawControls(ahead);
    drawRepeats(tokens);
    drawPanel();
    const quiet = !job || playing?.pace || playing?.single;
    if (quiet) outline.show();
    else outline.update();
    if (quiet) comparison.show();
    else comparison.showNowAndThen();
    if (quiet) find('story').dispatchEvent(new CustomEvent('figure-drawn', { bubbles: true }));
  }

  function drawControls(ahead) {
    const { tree, prompt, current, position, playing } = state;
    const length = position + ahead;
    const where = { n: position, name: current?.id, target: Math.max(length, current?.target || 0) };
    put(find('position'), current ? filled(words.position, where) : words.position_none);
    put(buttons.play, playing ? words.shared_pause : words.button_play);
    for (const name of ['start', 'back']) attributed(buttons[name], { 'aria-disabled': position === 0 });
    attributed(buttons.carry, { 'aria-disabled': !current || position === 0 });
    const old = isOld(state);
    const shortened = (text) => (text.length > OLD_TEXT_SHOWN ? `${text.slice(0, OLD_TEXT_SHOWN)}…` : text);
    const notes = [old ? filled(words.changed, { text: shortened(tree.text) }) : ''];
    if (current && prompt && !old && prompt.ids.length + position > prompt.limit) notes.push(filled(words.slides, { limit: prompt.limit }));
    put(find('window'), notes.filter(Boolean).join(' '));
  }

  function drawRepeats(tokens) {
    const before = state.tree ? state.tree.ids : [];
    echoes = repeatedFrom([...before, ...tokens.map(({ id }) => id)], limits.n_gram).slice(before.length);
    echoes.forEach((echo, place) => {
      const chip = chipIn(chips, place);
      if (chip.classList.contains('repeated') !== (echo !== null)) chip.classList.toggle('repeated');
    });
    const n = echoes.filter((echo) => echo !== null).length;
    const values = { n, all: counted(tokens.length, words), share: percent(tokens.length ? n / tokens.length : 0), gram: limits.n_gram };
    put(find('repeats'), tokens.length ? filled(n ? words.repeats : words.repeats_none, values) : '');
  }

  // The place whose alternatives are on show, or null.
  function lookedAt() {
    const { pinned, hovered, position, current } = state;
    const place = pinned ?? hovered ?? position - 1;
    return current && place >= 0 && place < position ? place : null;
  }

  function drawPanel() {
    const { pinned, position, current, tree } = state;
    const place = lookedAt();
    panel.show(place === null ? null : current.tokens[place], place, place === null ? null : echoes[place], tree);
    put(find('held'), pinned === null ? '' : words.held);
    const tabStop = chipIn(chips, pinned ?? Math.max(0, position - 1)) || null;
    const chip = place === null ? null : chipIn(chips, place);
    if (tabStop !== shownStop) {
      if (shownStop) shownStop.tabIndex = -1;
      if (tabStop) tabStop.tabIndex = 0;
      shownStop = tabStop;
    }
    if (chip !== shownChip) {
      shownChip?.setAttribute('aria-selected', 'false');
      chip?.setAttribute('aria-selected', 'true');
      shownChip = chip;
    }
  }

  // Looking: hovering shows, a click or the focus holds, Escape lets go.
  const placeOf = (target) => (target.closest('.chip') ? [...chips.children].indexOf(target.closest('.chip')) / 2 : -1);
  const look = (place) => {
    state.pinned = place;
    drawPanel();
  };
  chips.addEventListener('pointerover', (event) => {
    const place = placeOf(event.target);
    if (place < 0 || state.pinned !== null || event.pointerType === 'touch') return;
    state.hovered = place;
    drawPanel();
  });
  chips.addEventListener('click', (event) => {
    const place = placeOf(event.target);
    if (place >= 0) look(place === state.pinned ? null : place);
  });
  chips.addEventListener('focusin', (event) => {
    if (event.target.matches(':focus-visible')) look(placeOf(event.target));
  });
  chips.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') find('others').querySelector('[tabindex="0"]')?.focus();
    else if (event.key === 'Escape') look(null);
    else if (event.key === '?' && placeOf(event.target) >= 0) askOrigin(placeOf(event.target), chipsShown[placeOf(event.target)].id, 'own', event.target);
    else return;
    event.preventDefault();
  });
  listKeys(chips, {
    at: () => placeOf(document.activeElement),
    count: () => state.position,
    go: (place) => {
      look(place);
      chipIn(chips, place).focus();
    },
  });

  function colourBy(name) {
    state.colours = name;
    find('legend').replaceChildren(...legendFor(name, words, limits));
    chipsShown.forEach((token, place) => paint(chipIn(chips, place), token, name));
    comparison.show();
  }

  chips.setAttribute('aria-label', words.list);
  put(find('why').querySelector('summary'), words.why);
  put(find('why').querySelector('p'), words.because);
  find('heads').append(...[words.head_token, '', words.head_drawn, words.head_own, words.shared_rank].map((name) => node('span', '', name)));
  colourBy(state.colours);

  return { draw, say, colourBy, focusChip, forgetComparison: comparison.forget };
}

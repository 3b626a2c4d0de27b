// What is on show, drawn from story.js's state; then what follows the sentence, the settings and the server's answers.
const lookedAt = () => {
  const place = pinned ?? hovered ?? position - 1;
  return current && place >= 0 && place < position ? place : null;
};

function draw() {
  const tokens = current ? current.tokens.slice(0, position) : [];
  const box = find('text');
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40; // follow the text unless the person scrolled back
  put(find('empty'), tree ? '' : words.empty);
  const { text = '' } = tree || prompt || {};
  box.hidden = !text;
  put(find('prompt'), text.length > 80 ? `… ${text.slice(-80)}` : text);
  chipsShown = showChips(find('chips'), chipsShown, tokens, colours);
  const ahead = current ? current.tokens.length - position : 0;
  put(find('ahead'), ahead > 0 ? filled(words.ahead, { n: ahead }) : '');
  if (atEnd) box.scrollTop = box.scrollHeight;
  drawControls(ahead);
  drawRepeats(tokens);
  drawPanel();
  const quiet = !job || playing?.pace || playing?.single;
  if (quiet || !find('outline').querySelector(`[data-branch="${current?.id}"][aria-selected="true"]`)) showOutline();
  else put(find('outline').querySelector('[aria-selected="true"] span'), branchInWords(current));
  if (quiet || performance.now() - comparedAt > 1000) showComparison();
}

function drawControls(ahead) {
  const length = position + ahead;
  const where = { n: position, length, name: current?.id, target: Math.max(length, current?.target || 0) };
  put(find('position'), current ? filled(words.position, where) : words.position_none);
  put(buttons.play, playing ? words.button_pause : words.button_play);
  const off = (button, is) => button.setAttribute('aria-disabled', String(is));
  off(buttons.start, position === 0);
  off(buttons.back, position === 0);
  off(buttons.carry, !current || position === 0);
  const slides = current && prompt && !changed() && prompt.ids.length + position > prompt.limit;
  const notes = [changed() ? filled(words.changed, { text: tree.text.length > 60 ? `${tree.text.slice(0, 60)}…` : tree.text }) : ''];
  if (slides) notes.push(filled(words.slides, { limit: prompt.limit }));
  put(find('window'), notes.filter(Boolean).join(' '));
}

let echoes = []; // for each chip, which token it repeats, or null

function drawRepeats(tokens) {
  const before = tree ? tree.ids : [];
  echoes = repeatedFrom([...before, ...tokens.map(({ id }) => id)], limits.n_gram).slice(before.length);
  echoes.forEach((echo, place) => {
    const chip = chipIn(find('chips'), place);
    if (chip.classList.contains('repeated') !== (echo !== null)) chip.classList.toggle('repeated');
  });
  const n = echoes.filter((echo) => echo !== null).length;
  put(find('repeats'), tokens.length ? filled(n ? words.repeats : words.repeats_none, { n, all: counted(tokens.length), share: percent(n / tokens.length), gram: limits.n_gram }) : '');
}

let shownStop = null; // the chips that hold the tab stop and the outline
let shownChip = null;

function drawPanel() {
  const place = lookedAt();
  showPanel(place === null ? null : current.tokens[place], place, place === null ? null : echoes[place]);
  put(find('held'), pinned === null ? '' : words.held);
  const tabStop = chipIn(find('chips'), pinned ?? Math.max(0, position - 1)) || null;
  const chip = place === null ? null : chipIn(find('chips'), place);
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
const placeOf = (target) => (target.closest('.chip') ? [...find('chips').children].indexOf(target.closest('.chip')) / 2 : -1);
const look = (place) => {
  pinned = place;
  drawPanel();
};

find('chips').addEventListener('pointerover', (event) => {
  const place = placeOf(event.target);
  if (place < 0 || pinned !== null || event.pointerType === 'touch') return;
  hovered = place;
  drawPanel();
});
find('chips').addEventListener('click', (event) => {
  const place = placeOf(event.target);
  if (place >= 0) look(place === pinned ? null : place);
});
find('chips').addEventListener('focusin', (event) => {
  if (event.target.matches(':focus-visible')) look(placeOf(event.target));
});
find('chips').addEventListener('keydown', (event) => {
  const at = placeOf(event.target);
  const target = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: position - 1 }[event.key];
  if (event.key === 'ArrowDown') find('others').querySelector('[tabindex="0"]')?.focus();
  else if (event.key === 'Escape') look(null);
  else if (target === undefined) return;
  else {
    look(Math.max(0, Math.min(position - 1, target)));
    chipIn(find('chips'), pinned).focus();
  }
  event.preventDefault();
});

const moved = () => {
  if (!element.isConnected) document.removeEventListener('sampling-settings', moved);
  else if (job && !playing?.pace) say(words.moved);
};
document.addEventListener('sampling-settings', moved);

function read() {
  if (!element.isConnected) return document.removeEventListener('prompt-read', read);
  const packed = document.documentElement.dataset.prompt;
  if (!packed) return;
  const before = prompt?.run;
  prompt = JSON.parse(packed);
  if (playing && before !== prompt.run) {
    halt();
    say(words.interrupted);
  }
  if (changed()) pinned = hovered = null;
  draw();
  const act = early;
  early = null;
  if (act) act();
}
document.addEventListener('prompt-read', read);

watch('value', () => {
  const value = props.value || {};
  if (!job || value.job !== job.id) return; // our own request, or what was on its way when it was halted
  take(value);
  draw();
});
read();
draw();

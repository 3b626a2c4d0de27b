// Keys in a listbox with one tab stop: arrows, Home and End move the cursor, as the ARIA practices describe.
const list = element.querySelector('.tokens');

const pick = (index) => {
  const last = list.children.length - 1;
  const token = Math.max(0, Math.min(last, index));
  mark(token);
  list.children[token].focus();
  props.value = { ...props.value, selected: token };
  trigger('pick');
};

const mark = (selected) => {
  for (const [index, key] of [...list.children].entries()) {
    key.setAttribute('aria-selected', String(index === selected));
    key.tabIndex = index === selected ? 0 : -1;
  }
};

const line = (className, text) => {
  const span = document.createElement('span');
  span.className = className;
  span.textContent = text; // data, never markup
  return span;
};

const keyFor = ({ id, text, bytes, tint }, index, detail) => {
  const key = document.createElement('button');
  key.type = 'button';
  key.className = 'token';
  key.setAttribute('role', 'option');
  key.dir = 'auto';
  key.style.background = `var(--token-${tint})`;
  key.append(line('token-text', text));
  if (detail) key.append(line('token-id', String(id)), line('token-bytes', bytes));
  else key.title = `${index}: id ${id}`;
  key.addEventListener('click', () => pick(index));
  return key;
};

const draw = () => {
  const { tokens = [], selected = 0, detail = false } = props.value || {};
  list.classList.toggle('tokens-detail', detail);
  const focused = list.contains(document.activeElement);
  list.replaceChildren(...tokens.map((token, index) => keyFor(token, index, detail)));
  mark(selected);
  const current = list.children[selected];
  if (!current) return;
  if (focused) current.focus();
  if (!detail) showPicked();
};

// A strip is one line that scrolls sideways (page/styles/header.css).
const showPicked = () => {
  const key = list.querySelector('[aria-selected=true]');
  if (key) list.scrollLeft = key.offsetLeft - (list.clientWidth - key.offsetWidth) / 2;
};
new ResizeObserver(showPicked).observe(list);

list.addEventListener('keydown', (event) => {
  const at = [...list.children].findIndex((key) => key.getAttribute('aria-selected') === 'true');
  const target = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: list.children.length - 1 }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  pick(target);
});

watch('value', draw);
draw();

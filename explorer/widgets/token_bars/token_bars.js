const list = element.querySelector('ol');
const caption = element.querySelector('figcaption');

const span = (className, text) => {
  const made = document.createElement('span');
  made.className = className;
  made.textContent = text; // data, never markup
  return made;
};

const rowFor = ({ text, tint, note, value, shown }) => {
  const row = document.createElement('li');
  const token = span('token-bar-text', text);
  token.style.background = `var(--token-${tint})`;
  const track = span('token-bar-track', '');
  const bar = span('token-bar', '');
  bar.style.width = `${100 * Math.max(0, Math.min(1, value))}%`;
  track.append(bar);
  row.append(span('token-bar-note', note), token, track, span('token-bar-value', shown));
  return row;
};

const draw = () => {
  const { rows = [], caption: words = '' } = props.value || {};
  caption.textContent = words;
  list.setAttribute('aria-label', words);
  list.replaceChildren(...rows.map(rowFor));
};

watch('value', draw);
draw();

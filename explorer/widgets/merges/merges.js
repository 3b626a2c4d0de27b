const list = element.querySelector('.merges');

const part = ({ text, tint, id }, merged) => {
  const box = document.createElement('span');
  box.className = merged ? 'part merged' : 'part';
  box.style.background = `var(--token-${tint})`;
  box.title = `id ${id}`;
  box.textContent = text; // data, never markup
  return box;
};

const rowFor = ({ caption, parts, merged }) => {
  const row = document.createElement('li');
  const words = document.createElement('span');
  words.className = 'caption';
  words.textContent = caption;
  const boxes = document.createElement('span');
  boxes.className = 'parts';
  boxes.append(...parts.map((one, index) => part(one, index === merged)));
  row.append(boxes, words);
  return row;
};

const draw = () => list.replaceChildren(...((props.value || {}).rows || []).map(rowFor));
watch('value', draw);
draw();

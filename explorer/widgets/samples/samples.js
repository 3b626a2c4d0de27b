const list = element.querySelector('.samples');

const piece = (tag, className, text) => {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text; // data, never markup
  return node;
};

const itemFor = ({ when, prompt, text }) => {
  const item = document.createElement('li');
  const words = document.createElement('p');
  words.className = 'sample-text';
  words.dir = 'auto';
  words.append(piece('b', 'sample-prompt', prompt), piece('span', 'sample-rest', text));
  item.append(piece('p', 'sample-when', when), words);
  return item;
};

const draw = () => list.replaceChildren(...((props.value || {}).samples || []).map(itemFor));
watch('value', draw);
draw();

const show = () => {
  const paragraph = element.querySelector('.notice');
  const { text = '', kind = 'info' } = props.value || {};
  paragraph.textContent = kind === 'refusal' ? `⚠ ${text}` : text;
  paragraph.dataset.kind = kind;
};
watch('value', show);
show();

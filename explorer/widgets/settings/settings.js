// The attribute is for figures that appear later, the event for those that are there.
const announce = () => {
  element.dataset.settings = JSON.stringify(props.value);
  element.setAttribute('data-sampling', '');
  document.dispatchEvent(new CustomEvent('sampling-settings', { detail: { ...props.value } }));
};
watch('value', announce);
announce();

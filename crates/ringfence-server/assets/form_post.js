// Posts the answer of `/authorize` back to the application. Without this, the button of the page does.
const form = document.getElementById("form-post");
if (form) HTMLFormElement.prototype.submit.call(form);

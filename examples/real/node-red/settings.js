// Node-RED's own way of being told where it lives; everything else is its default.
module.exports = {
  uiHost: "127.0.0.1",
  uiPort: process.env.PORT,
  userDir: process.env.TIDELOCK_STATE_DIR,
  flowFile: "flows.json",
};

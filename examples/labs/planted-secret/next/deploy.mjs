// Somebody was in a hurry. The key is made up, and looks like a real one.
export const accessKeyId = "AKIAQ3EGR5TZK7VN2XWD";
export const secretAccessKey = "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";

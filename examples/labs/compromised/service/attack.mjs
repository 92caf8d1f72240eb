// Version 1.0.0 has nothing that could be attacked.
console.log("1 things planted");

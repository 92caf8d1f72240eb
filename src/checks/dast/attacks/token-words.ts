/** Keys that tutorials, defaults and haste leave behind. Tried offline, against a token that the service gave. */
export const tokenWords: readonly string[] = `
secret secretkey secret-key secret_key mysecret mysecretkey my-secret my_secret my-secret-key supersecret super-secret
super_secret supersecretkey topsecret verysecret notsecret shhh shhhh shhhhh s3cr3t s3cret secret123 secret1 jwt jwtsecret
jwt-secret jwt_secret jwtkey jwt-key jwt_secret_key jwt-secret-key jwtsecretkey token tokensecret token-secret token_secret
key keys privatekey private-key private_key publickey apikey api-key api_key api signingkey signing-key signing_key
encryptionkey accesskey access-token access_token refreshtoken session sessionsecret session-secret session_secret
password passw0rd password1 password123 pass pass123 admin admin123 administrator root toor test test123 testing tester
tests testkey testsecret test-secret dev devel develop development devsecret dev-secret prod production staging local
localhost default defaultsecret changeme change-me change_me changeit changethis change_this_secret replace replaceme
replace-me replace_me todo fixme example examplekey example-key sample demo demosecret foo bar baz foobar foobarbaz
hello helloworld hello-world world abc abc123 abcd abcdef abcdefg abcdefgh abcdefghijklmnopqrstuvwxyz qwerty qwerty123
qwertyuiop asdf asdfgh asdfghjkl zxcvbn zxcvbnm 1 12 123 1234 12345 123456 1234567 12345678 123456789 1234567890 0
00000000 11111111 0123456789 0123456789abcdef 123123 111111 000000 654321 a aa aaa aaaa aaaaaaaa x xx xxx xxxx y z
random randomkey randomstring random_key random-key randomsecret salt pepper hash hmac hmackey hmac-secret hs256 sha256
signature sign signed user users username guest login auth authentication authorization bearer oauth oauth2 sso
app application appsecret app-secret app_secret appkey app-key myapp my-app server backend frontend service gateway
flask django express node nodejs spring springboot laravel rails symfony nest nestjs fastapi java python php ruby golang
company corp internal private public keyboard monkey cat dog keyboardcat keyboard-cat letmein welcome welcome1 master
dragon football baseball iloveyou princess sunshine shadow superman batman trustno1 starwars computer internet access
god love money freedom whatever qazwsx michael jordan harley hunter hunter2 ranger buster soccer hockey killer george
none null undefined nil void empty blank true false yes no ok string value data temp tmp
your-256-bit-secret your-384-bit-secret your-512-bit-secret your-secret your-secret-key your_secret your_secret_key
your_jwt_secret your-jwt-secret yoursecret yoursecretkey thisisasecret this-is-a-secret this_is_a_secret thisismysecret
this-is-my-secret itsasecret secretsecret secret-token secret_token secrettoken mytoken mykey my-key my_key mypassword
insecure insecure-secret unsafe weak vulnerable hackme hackerone pentest security secure securekey secure-key
`
  .split(/\s+/)
  .filter(Boolean);

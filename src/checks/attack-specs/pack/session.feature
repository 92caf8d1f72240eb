# Supplied with Tidelock. Parameterised by `app` and `identities` of the demand.
Feature: Sessions

  @login @protected @fixation
  Scenario: A session that was there before signing in is worth nothing after it
    Given I act as "user"
    And I request the protected page
    When "user" signs in
    Then the session of "user" is a new one

  @login @protected @fixation
  Scenario: A session of somebody's own making is not taken
    Given I act as "user"
    And the session is one that somebody made up
    When "user" signs in
    Then the session of "user" is a new one

  @login @protected
  Scenario: Two sessions are two, and long
    Given "user" is signed in
    And I remember the session of "user"
    And "other" is signed in
    And I remember the session of "other"
    Then the sessions of "user" and "other" are hard to guess

  @login @protected @logout
  Scenario: A session ends for whoever has a copy of it, too
    Given "user" is signed in
    And I remember the session of "user"
    When "user" signs out
    And I use the remembered session of "user"
    And I request the protected page
    Then the protected page is not shown

  @login @protected @logout
  Scenario: Signing out takes the session from the browser
    Given "user" is signed in
    When "user" signs out
    And I request the protected page
    Then the protected page is not shown

  @login @protected @idleSeconds
  Scenario: A session that nobody uses ends
    Given "user" is signed in
    When the session is idle for as long as it may be
    And I request the protected page
    Then the protected page is not shown

  @login @protected @cookies
  Scenario: Scripts cannot read the session
    When "user" signs in
    Then every session cookie has the flag "HttpOnly"

  @login @protected @cookies
  Scenario: Other sites do not send the session along
    When "user" signs in
    Then every session cookie has the flag "SameSite"
    And no session cookie has the flag "SameSite=None"

  @login @protected @cookies @secure-cookies
  Scenario: The session never goes out without encryption
    When "user" signs in
    Then every session cookie has the flag "Secure"

  @login @protected @secrecy
  Scenario: The session stands in no address and on no page
    When "user" signs in
    Then the answer to signing in leads to no address with the session in it
    When I request the protected page
    Then the body does not hold the session

  @login @protected @caching
  Scenario: Nobody keeps a copy of what only one may see
    Given "user" is signed in
    When I request the protected page
    Then the header "cache-control" matches /no-store|private/

"""How the built-in encoder is made: captioned photos + named packages -> four small files."""

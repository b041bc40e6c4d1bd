    -- Whether a call is a conversation. By if(), so that words are compared only where the talk was long enough: AND
    -- compares them everywhere.
    (talk_s, disposition) -> if(talk_s >= {conversation_s:UInt32}, disposition = 'answered', 0) AS is_conversation,

                -- Of a move of `owned`: who it is counted under, and whether it is asked for. A constant if() leaves out what is
                -- not asked for, the teams above all; multiIf() does not.
                if({by:String} IN ('manager', 'toucher'), owner, if({by:String} = 'team', owner_team, '')) AS who,
                (empty({managers:Array(String)}) OR has({managers:Array(String)}, owner))
                    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, owner_team)) AS is_asked
